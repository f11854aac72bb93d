// Stands for a script that remembers settings: it may run only once functional is granted.
document.cookie = "jutsoo_pref_view=compact;Path=/;SameSite=Lax";
document.documentElement.dataset.remembered = "yes";

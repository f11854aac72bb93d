// Stands for a measuring script: it sets a cookie, and may run only once performance is granted.
document.cookie = "_ga_demo=" + Date.now() + ";Path=/;SameSite=Lax";
document.documentElement.dataset.measured = "yes";

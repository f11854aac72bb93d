/** Global Privacy Control, as the page may read it. Anything but `true` is no signal. */
export const gpc = navigator.globalPrivacyControl === true;

// The snippet on the page shows the address under which the page was opened.
document.querySelector('#address').textContent = location.origin;

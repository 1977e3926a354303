// A link such as /login#token carries the token where servers and their logs never see it.
const form = document.querySelector("#login");
const token = decodeURIComponent(location.hash.slice(1));
if (token !== "") {
  history.replaceState(null, "", location.pathname + location.search);
  form.elements.token.value = token;
  form.submit();
}

// Shows the button of each code box, unless the browser does not allow scripts to copy (outside of secure contexts)
for (const box of document.querySelectorAll('.code-box')) {
  const button = box.querySelector('button')
  const status = box.querySelector('[role=status]')
  button.hidden = navigator.clipboard === undefined
  button.addEventListener('click', async () => {
    status.textContent = ''
    try {
      await navigator.clipboard.writeText(box.querySelector('code').textContent)
      status.textContent = 'Copied'
    } catch {
      status.textContent = 'The browser does not allow to copy'
    }
  })
}

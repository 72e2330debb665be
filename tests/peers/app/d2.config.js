/** @type {import('@dhis2/cli-app-scripts').D2Config} */
module.exports = { type: 'app', name: 'list', title: 'List', direction: 'auto', minDHIS2Version: '2.38', entryPoints: { app: './src/App.jsx' } }

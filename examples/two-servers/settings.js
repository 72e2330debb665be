// Where drawbridge is. `./dev run` serves a file like this one with the port it chose.
export const drawbridge = 'http://127.0.0.1:8080'

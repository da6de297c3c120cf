'use strict'

require('./exercise.cjs').exercise(require('zkcoord'))

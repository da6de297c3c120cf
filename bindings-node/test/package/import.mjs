import * as zkcoord from 'zkcoord'

import { exercise } from './exercise.cjs'

await exercise(zkcoord)

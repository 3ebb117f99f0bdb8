// In a worker it answers what it is asked: a layout of a thousand nodes takes a second, in which the page stays at hand.
import 'elkjs/lib/elk-worker.min.js'

/**
 * The algebra of adapters: every way in which files say how a layer's weight changes, each as the
 * difference it makes and, where that is cheaper, as a path beside the layer.
 */
package dev.likeness.lora.change;

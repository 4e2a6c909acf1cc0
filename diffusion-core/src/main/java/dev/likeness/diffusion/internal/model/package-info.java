/** Opening of models: what a model folder holds and declares. */
package dev.likeness.diffusion.internal.model;

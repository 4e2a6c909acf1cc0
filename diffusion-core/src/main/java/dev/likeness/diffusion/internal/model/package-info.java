/** Opening of models: the components and declarations of a model folder or file. */
package dev.likeness.diffusion.internal.model;

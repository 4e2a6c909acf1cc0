/** Sampling algorithms, one to a file, each written as its paper writes it. */
package dev.likeness.schedulers.solvers;

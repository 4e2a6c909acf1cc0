/**
 * The Java side of {@code tools/gpu/prove.sh}: checks and measurements on a GPU, each with a time
 * limit, written line by line.
 */
package dev.likeness.benchmarks.gpu;

/** JMH benchmarks; each has a baseline beside it, and says what question it answers. */
package dev.likeness.benchmarks;

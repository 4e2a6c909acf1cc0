/**
 * Many persons at once from one base: {@link dev.likeness.headshots.queue.GenerationQueue} takes
 * work and gives jobs.
 */
package dev.likeness.headshots.queue;

/** Marks images as generated, by metadata alone. */
package dev.likeness.headshots.internal.marking;

/** Rendered people as folders of photos, and the proof that photos are such. */
package dev.likeness.examples.people;

/** Extensions of the library by an application: a scheduler class, and a kind of person. */
package dev.likeness.examples.extension;

/**
 * References out of photos: finding the face that is meant, and saying what was done about photos
 * that make it hard.
 */
package dev.likeness.ipadapter.reference;

/** What this machine offers to the library, and what is missing. */
package dev.likeness.examples.doctor;

/** Small programs that embed the library. The command itself is in {@code cli}. */
package dev.likeness.examples;

/** Small programs that embed the library; what the command does is in {@code cli}. */
package dev.likeness.examples;

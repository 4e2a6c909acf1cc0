/** The base model that comes with the library: {@link dev.likeness.portrait.PortraitModel}. */
package dev.likeness.portrait;

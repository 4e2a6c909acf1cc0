/** The one command that makes {@code portrait} from nothing and measures it. */
package dev.likeness.portrait.making;

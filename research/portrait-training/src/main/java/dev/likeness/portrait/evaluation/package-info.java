/** Looking at {@code portrait} and measuring it. */
package dev.likeness.portrait.evaluation;

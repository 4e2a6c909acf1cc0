/**
 * Everything about a person in one place that can be taken back: a
 * {@link dev.likeness.vault.SubjectStore} in a folder that the application names, with a
 * {@link dev.likeness.vault.Subject} for each person, encrypted under keys of their own, kept no
 * longer than the {@link dev.likeness.vault.RetentionPolicy} says.
 */
package dev.likeness.vault;

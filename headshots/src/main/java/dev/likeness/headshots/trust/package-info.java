/**
 * Everything about a person in one place that can be taken back: a
 * {@link dev.likeness.headshots.trust.SubjectStore} in a folder that the application names, with a
 * {@link dev.likeness.headshots.trust.Subject} for each person, encrypted under keys of their own,
 * kept no longer than the {@link dev.likeness.headshots.trust.RetentionPolicy} says.
 */
package dev.likeness.headshots.trust;

/**
 * The studio: from a person's photos to headshots that look like that person.
 * {@link dev.likeness.headshots.HeadshotStudio} learns a person from reviewed photos and draws them
 * in a {@link dev.likeness.headshots.style.Style};
 * {@link dev.likeness.headshots.report.ContactSheet} and
 * {@link dev.likeness.headshots.report.ShootRecord} show and tell what was made.
 */
package dev.likeness.headshots;

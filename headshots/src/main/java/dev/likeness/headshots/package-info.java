/**
 * The studio: from a person's photos to headshots that look like that person. {@link dev.likeness.headshots.HeadshotStudio}
 * learns an {@link dev.likeness.headshots.Identity} from reviewed photos and draws it in a
 * {@link dev.likeness.headshots.Style}; {@link dev.likeness.headshots.ContactSheet} and
 * {@link dev.likeness.headshots.ShootRecord} show and tell what was made.
 */
package dev.likeness.headshots;

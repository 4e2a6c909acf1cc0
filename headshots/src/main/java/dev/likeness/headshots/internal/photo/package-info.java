/** What a base model's own network reads off photos. */
package dev.likeness.headshots.internal.photo;

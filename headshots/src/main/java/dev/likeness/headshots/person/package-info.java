/**
 * Data about a person: words, traits, embeddings and identity strength.
 *
 * <p>A {@link PersonProfile} describes a person in the words of {@link ProfileVocabulary}; the
 * caller may correct it. Skin and hair can be measured from pixels. {@link FaceEmbeddings} serve to
 * measure likeness and to guide generation. {@link PersonRecord} keeps measures of the photos, so
 * that the photos can be deleted. {@link Authenticity} compares headshots with the photos.
 *
 * <p>An {@link IpAdapterPerson} consists of embeddings of photos for an IP-Adapter. A
 * {@link ReferenceImagesPerson} consists of images for a base that edits images;
 * {@link ReferencePhotos} chooses them. Neither needs training. A {@link GuidedPerson} adds face
 * guidance to a person. {@link IdentityStrength} maps one setting from 0 to 1 to the weights of
 * adapter and LoRA.
 *
 * <pre>{@code
 * PhotoReview review = PhotoReview.of(PhotoSet.from(Path.of("selfies")));
 * PersonProfile measured = PersonProfile.fromPixels(review.accepted());
 * System.out.println(measured.phrase() + " of " + PersonProfile.attributes());
 * }</pre>
 */
@NullMarked
package dev.likeness.headshots.person;

import org.jspecify.annotations.NullMarked;

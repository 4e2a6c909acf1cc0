/**
 * What is known of a person: words, traits, embeddings and identity strength.
 *
 * <p>A {@link PersonProfile} describes a person in the words of {@link ProfileVocabulary}; the
 * caller may correct it. {@link PixelTraits} measures what pixels tell. {@link FaceEmbeddings} keep
 * what measures and guides likeness, {@link PersonRecord} keeps traits of the photos for the time
 * when these are deleted, and {@link Authenticity} compares generated faces with the person's. A
 * {@link ReferencePerson} is shown by reference images instead of a LoRA, a {@link GuidedPerson}
 * has face guidance as well, and {@link IdentityStrength} maps one setting from 0 to 1 to the
 * strengths of both.
 *
 * <pre>{@code
 * PhotoReview review = PhotoReview.of(PhotoSet.from(Path.of("selfies")));
 * PersonProfile measured = PersonProfile.fromPixels(review.accepted());
 * System.out.println(measured.phrase() + " of " + PersonProfile.attributes());
 * }</pre>
 */
package dev.likeness.headshots.person;

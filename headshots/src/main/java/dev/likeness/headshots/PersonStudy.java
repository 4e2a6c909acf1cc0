package dev.likeness.headshots;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.image.Picture;
import dev.likeness.diffusion.progress.Cancellation;
import dev.likeness.diffusion.progress.Progress;
import dev.likeness.lora.Subject;
import dev.likeness.photos.PhotoReview;
import java.util.List;
import java.util.stream.Stream;

/**
 * What a base is to know of a person before it learns or is shown them.
 *
 * @param crops their accepted photos as the base looks at pictures
 * @param readings what the base's own reader says of each; none where it brings no reader
 * @param profile how they look
 * @param subject what prompts call them
 */
record PersonStudy(List<Picture> crops, List<PhotoReading> readings, PersonProfile profile, Subject subject) {
  // Selfies from afar may be enlarged this much before they count as too small to learn from.
  private static final double MOST_ENLARGEMENT = 4;

  /**
   * Studies the accepted photos.
   *
   * @param known is believed; the rest is found out
   * @throws dev.likeness.diffusion.error.Cancelled while words for the person are sought
   */
  static PersonStudy of(BaseModel base, PhotoReview review, PersonProfile known, Progress progress,
      Cancellation cancellation) {
    int side = base.defaults().width();
    List<Picture> crops = review.accepted().stream().map(photo -> photo.crop(side, MOST_ENLARGEMENT)).toList();
    List<PhotoReading> readings = PhotoReading.of(base, crops, progress, cancellation);
    PersonProfile profile = readings.isEmpty()
        ? PersonDescription.of(base, review.accepted(), crops, known, progress, cancellation)
        : PhotoReading.profile(readings, known);
    return new PersonStudy(crops, readings, profile, PersonDescription.subject(base, profile));
  }

  /**
   * Captions for their photos in turn. Who is called by how they look is learnt by the class word alone too, so that prompts
   * that say no more draw them as well; a word of their own is to mean them and nobody else.
   *
   * @param own in which {@code %s} stands for the person
   */
  List<String> captions(List<String> own) {
    return subject.token().isEmpty()
        ? own.stream().flatMap(caption -> Stream.of(caption, caption.replace("%s", "a " + profile.classWord()))).toList() : own;
  }
}

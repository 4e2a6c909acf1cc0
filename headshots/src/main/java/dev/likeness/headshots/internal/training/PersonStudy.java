package dev.likeness.headshots.internal.training;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.model.ModelExtras;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.headshots.person.PersonProfile;
import dev.likeness.headshots.person.PixelTraits;
import dev.likeness.lora.training.PersonToken;
import dev.likeness.photos.AcceptedPhoto;
import dev.likeness.photos.PhotoReview;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * What a base is to know of a person before it learns or is shown them.
 *
 * @param photos those of their accepted photos that are studied
 * @param crops the same as the base looks at images
 * @param readings what the base's own reader says of each; none where it brings no reader
 * @param profile how they look
 * @param subject what prompts call them
 */
public record PersonStudy(
    List<AcceptedPhoto> photos,
    List<RgbImage> crops,
    List<PhotoReading> readings,
    PersonProfile profile,
    PersonToken subject) {
  // Selfies from afar may be enlarged this much before they count as too small to learn from.
  private static final double MAX_UPSCALING = 4;

  /**
   * Studies the accepted photos to learn from: those whose head is large enough for the base;
   * progress names the others.
   *
   * @param known is believed; the rest is found out
   * @throws InvalidInputException when no head is large enough
   * @throws dev.likeness.diffusion.error.CancelledException while photos are read
   */
  static PersonStudy ofLarge(
      BaseModel base,
      PhotoReview review,
      PersonProfile known,
      Progress progress,
      Cancellation cancellation) {
    return of(
        base,
        selectLarge(review.accepted(), base.defaults().width(), progress),
        known,
        progress,
        cancellation);
  }

  /**
   * Studies all accepted photos, however small the head: enough for words about who is not learnt
   * but shown.
   */
  static PersonStudy ofAll(
      BaseModel base,
      PhotoReview review,
      PersonProfile known,
      Progress progress,
      Cancellation cancellation) {
    return of(base, review.accepted(), known, progress, cancellation);
  }

  /**
   * Those that a base of {@code side} pixels may learn from; {@code progress} hears of the others
   * by name.
   */
  static List<AcceptedPhoto> selectLarge(List<AcceptedPhoto> photos, int side, Progress progress) {
    Predicate<AcceptedPhoto> fits = photo -> photo.enlargement(side) <= MAX_UPSCALING;
    List<AcceptedPhoto> large = photos.stream().filter(fits).toList();
    if (large.isEmpty()) {
      throw new InvalidInputException(String.format(
          Locale.ROOT,
          "in none of the %d photos that can be used is there enough of the head to"
              + " learn from: the base draws %d pixels, and a crop of head and shoulders may"
              + " be enlarged %.0f times, here it would be %.1f times at least;"
              + " give photos taken from nearer",
          photos.size(),
          side,
          MAX_UPSCALING,
          photos.stream().mapToDouble(photo -> photo.enlargement(side)).min().orElse(Double.NaN)));
    }
    photos.stream()
        .filter(fits.negate())
        .forEach(photo -> progress.onEvent(new ProgressEvent.Notice(photo.name()
            + ": the head is too small for a base of " + side + " pixels; it is not learnt from")));
    return large;
  }

  private static PersonStudy of(
      BaseModel base,
      List<AcceptedPhoto> photos,
      PersonProfile known,
      Progress progress,
      Cancellation cancellation) {
    int side = base.defaults().width();
    List<RgbImage> crops =
        photos.stream().map(photo -> photo.crop(side, Double.POSITIVE_INFINITY)).toList();
    List<PhotoReading> readings = PhotoReading.of(base, crops, progress, cancellation);
    PersonProfile profile =
        readings.isEmpty() ? PixelTraits.of(photos, known) : PhotoReading.profile(readings, known);
    return new PersonStudy(photos, crops, readings, profile, subject(base, profile));
  }

  /**
   * What prompts call a person of this profile: the words for their looks, or a rare token where
   * the base learns one.
   */
  public static PersonToken subject(BaseModel base, PersonProfile profile) {
    String phrase = profile.phrase();
    return base.unwrap(ModelExtras.class).rareToken()
        ? PersonToken.of(phrase.substring(phrase.indexOf(' ') + 1))
        : new PersonToken("", phrase, "");
  }

  /**
   * What each photo shows beside the person: as the base's own reader says, or, without one, the
   * colours of its pixels.
   */
  List<SceneWords> scenes() {
    return readings.isEmpty()
        ? IntStream.range(0, crops.size())
            .mapToObj(i -> SceneWords.fromPixels(
                crops.get(i), SceneRegions.of(photos.get(i), crops.get(i).width())))
            .toList()
        : readings.stream()
            .map(photo -> photo.scene(PhotoReading.MIN_PROBABILITY))
            .toList();
  }

  /**
   * Captions for their photos in turn. Who is called by how they look is learnt by the class word
   * alone too, so that prompts that say no more draw them as well; a word of their own is to mean
   * them and nobody else.
   *
   * @param own in which {@code %s} stands for the person
   */
  List<String> captions(List<String> own) {
    return subject.token().isEmpty()
        ? own.stream()
            .flatMap(
                caption -> Stream.of(caption, caption.replace("%s", "a " + profile.classWord())))
            .toList()
        : own;
  }
}

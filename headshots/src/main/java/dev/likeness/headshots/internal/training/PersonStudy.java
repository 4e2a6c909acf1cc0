package dev.likeness.headshots.internal.training;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.diffusion.request.Run;
import dev.likeness.headshots.internal.training.SceneRegions.ClothingMask;
import dev.likeness.headshots.person.PersonProfile;
import dev.likeness.lora.training.AspectBuckets;
import dev.likeness.lora.training.PersonToken;
import dev.likeness.lora.training.TrainingExample;
import dev.likeness.photos.AcceptedPhoto;
import dev.likeness.photos.PhotoReview;
import dev.likeness.photos.internal.image.Luma;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The analysis of a person's photos before training or encoding.
 *
 * @param photos the analysed photos
 * @param crops crops of the photos in the base's own size
 * @param words the words that the base's captioner found in each photo; empty if it has no
 *     captioner
 * @param profile the person's appearance
 * @param subject the person in words for prompts
 */
public record PersonStudy(
    List<AcceptedPhoto> photos,
    List<RgbImage> crops,
    List<PhotoWords> words,
    PersonProfile profile,
    PersonToken subject) {
  // The highest enlargement of a crop for training; small heads are too blurred.
  private static final double MAX_UPSCALING = 4;
  /** The examples of a photo that has no caption of its own. */
  private static final int EXAMPLES_OF_PHOTO = 4;
  /** The most copies of a photo's examples; each is encoded and kept in memory. */
  private static final int MAX_COPIES = 40;

  /**
   * Analyses the accepted photos whose head is large enough for the base. A notice names the
   * others.
   *
   * @param side width and height of the training images in pixels
   * @param known the traits that the user gave; the others are read from the photos
   * @throws InvalidInputException if no head is large enough, or no person of several was chosen
   * @throws dev.likeness.diffusion.error.CancelledException while photos are read
   */
  static PersonStudy ofLarge(
      BaseModel base, int side, PhotoReview review, PersonProfile known, Run run) {
    return of(
        base,
        side,
        selectLarge(review.requireOnePerson().accepted(), side, run.progress()),
        known,
        run);
  }

  /**
   * Analyses all accepted photos, with heads of any size, for a training on whole photos.
   *
   * @param side width and height in pixels of the crops in which traits are read
   * @param known the traits that the user gave; the others are read from the photos
   * @throws InvalidInputException if no person of several was chosen
   */
  static PersonStudy ofWhole(
      BaseModel base, int side, PhotoReview review, PersonProfile known, Run run) {
    return of(base, side, review.requireOnePerson().accepted(), known, run);
  }

  /**
   * Analyses all accepted photos, with heads of any size. This is enough for a person from
   * reference images, who is not trained.
   *
   * @throws InvalidInputException if no person of several was chosen
   */
  static PersonStudy ofAll(BaseModel base, PhotoReview review, PersonProfile known, Run run) {
    List<AcceptedPhoto> photos = review.requireOnePerson().accepted();
    return of(base, base.defaults().width(), photos, known, run);
  }

  /**
   * The photos whose head is large enough for a base of {@code side} pixels. A notice names the
   * others.
   */
  static List<AcceptedPhoto> selectLarge(List<AcceptedPhoto> photos, int side, Progress progress) {
    Predicate<AcceptedPhoto> fits = photo -> photo.enlargement(side) <= MAX_UPSCALING;
    List<AcceptedPhoto> large = photos.stream().filter(fits).toList();
    if (large.isEmpty()) {
      throw new InvalidInputException(String.format(
          Locale.ROOT,
          "the head is too small in every accepted photo (photos: %d): for images of %d pixels,"
              + " the largest head would have to be enlarged %.1f times, and the limit is %.0f"
              + " times; give photos taken from a shorter distance",
          photos.size(),
          side,
          photos.stream().mapToDouble(photo -> photo.enlargement(side)).min().orElse(Double.NaN),
          MAX_UPSCALING));
    }
    photos.stream()
        .filter(fits.negate())
        .forEach(photo -> progress.onEvent(new ProgressEvent.Notice(photo.name()
            + ": the head is too small for a base of " + side + " pixels; the photo is not used")));
    return large;
  }

  private static PersonStudy of(
      BaseModel base, int side, List<AcceptedPhoto> photos, PersonProfile known, Run run) {
    List<RgbImage> crops =
        photos.stream().map(photo -> photo.crop(side, Double.POSITIVE_INFINITY)).toList();
    List<PhotoWords> words = PhotoWords.of(base, crops, run);
    PersonProfile profile =
        words.isEmpty() ? known.withPixels(photos) : PhotoWords.profile(words, known);
    return new PersonStudy(photos, crops, words, profile, subject(base, profile));
  }

  /**
   * The person in words for prompts: the profile's words, or a rare token if the base trains one.
   */
  public static PersonToken subject(BaseModel base, PersonProfile profile) {
    String phrase = profile.phrase();
    return EngineAccess.extras(base).rareToken()
        ? PersonToken.of(phrase.substring(phrase.indexOf(' ') + 1))
        : new PersonToken("", phrase, "");
  }

  /**
   * The clothes, light and background in each photo, by the base's captioner, or without one by the
   * colours of pixels.
   */
  List<SceneWords> scenes() {
    return words.isEmpty()
        ? IntStream.range(0, crops.size())
            .mapToObj(i -> SceneWords.fromPixels(
                crops.get(i), SceneRegions.of(photos.get(i), crops.get(i).width())))
            .toList()
        : words.stream().map(photo -> photo.scene(PhotoWords.MIN_PROBABILITY)).toList();
  }

  /**
   * The captions that the photos' files have, in which {@code %s} stands for the person; empty
   * where a photo has none. A notice says how many did not name the person.
   */
  List<Optional<String>> ownCaptions(Progress progress) {
    List<Optional<String>> own = photos.stream()
        .map(photo -> photo.caption().map(text -> withPerson(text, subject, profile.classWord())))
        .toList();
    List<String> changed = IntStream.range(0, own.size())
        .filter(i -> own.get(i).isPresent() && !isNamed(photos.get(i).caption().get(), subject))
        .mapToObj(i -> own.get(i).get().replace("%s", subject.phrase()))
        .toList();
    long given = own.stream().filter(Optional::isPresent).count();
    if (given > 0) {
      progress.onEvent(new ProgressEvent.Notice("the captions of " + given + " of " + own.size()
          + " photos are used"
          + (changed.isEmpty()
              ? ""
              : "; " + changed.size() + " of them did not name the person, so "
                  + Quoted.of(subject.phrase()) + " was inserted, for example "
                  + Quoted.of(changed.get(0)))));
    }
    return own;
  }

  /** The caption with the person: in place of the class word, or at the beginning. */
  static String withPerson(String caption, PersonToken subject, String classWord) {
    if (isNamed(caption, subject)) {
      return words(subject.phrase()).matcher(caption).replaceAll("%s");
    }
    Matcher word = words(classWord).matcher(caption);
    return word.find() ? word.replaceFirst("%s") : "%s, " + caption;
  }

  private static boolean isNamed(String caption, PersonToken subject) {
    return caption.contains("%s")
        || words(subject.phrase()).matcher(caption).find()
        || !subject.token().isEmpty() && words(subject.token()).matcher(caption).find();
  }

  private static Pattern words(String text) {
    return Pattern.compile("(?iu)(?<![\\p{L}\\p{N}])" + Pattern.quote(text) + "(?![\\p{L}\\p{N}])");
  }

  /**
   * Captions for the photos in turn. Without a rare token, each caption also comes with the class
   * word alone, so that short prompts generate the person as well. A rare token must mean only the
   * person.
   *
   * @param own captions in which {@code %s} stands for the person
   */
  List<String> captions(List<String> own) {
    return subject.token().isEmpty()
        ? own.stream()
            .flatMap(
                caption -> Stream.of(caption, caption.replace("%s", "a " + profile.classWord())))
            .toList()
        : own;
  }

  /**
   * Four training examples for each crop, so that only the person is trained and prompts still
   * control clothes, light and background. The mask leaves out clothes and background. The captions
   * have: the scene; only the light, which also falls on the face; clothes and background of a
   * built-in style; black and white. The clothes are recoloured and their colour is not in the
   * caption, so that not even their edge becomes part of the person.
   *
   * <p>A photo with a caption of its own has this caption and its own colours instead. Photos count
   * by their repeats.
   *
   * @param own the photos' own captions
   * @return the examples of each photo
   */
  static List<List<TrainingExample>> trainingExamples(
      List<RgbImage> crops,
      List<AcceptedPhoto> photos,
      List<SceneWords> scenes,
      List<Optional<String>> own,
      List<String> captions,
      List<String> gray) {
    int[] copies = copies(photos, own);
    List<List<TrainingExample>> all = new ArrayList<>();
    for (int i = 0; i < crops.size(); i++) {
      List<TrainingExample> images = new ArrayList<>();
      ClothingMask clothing = ClothingMask.of(
          crops.get(i), SceneRegions.of(photos.get(i), crops.get(i).width()));
      RgbImage mask = clothing.mask();
      if (own.get(i).isPresent()) {
        all.add(Collections.nCopies(
            copies[i],
            TrainingExample.of(crops.get(i)).mask(mask).caption(own.get(i).get())));
        continue;
      }
      List<RgbImage> recoloured = List.of(clothing.recolour(0), clothing.recolour(1));
      String caption = captions.get(i % captions.size());
      SceneWords scene = scenes.get(i);
      List<SceneWords> variants =
          List.of(scene.withoutOutfitColour(), scene.lightOnly(), scene.withSceneOfStyle(i));
      for (int turn = 0; turn < variants.size(); turn++) {
        images.add(TrainingExample.of(recoloured.get((i + turn) % 2))
            .mask(mask)
            .caption(caption + variants.get(turn).captionSuffix()));
      }
      images.add(TrainingExample.of(Luma.of(crops.get(i)).toImage())
          .mask(mask)
          .caption(gray.get(i % gray.size()) + scene.lightOnly().captionSuffix()));
      all.add(
          Collections.nCopies(copies[i], images).stream().flatMap(List::stream).toList());
    }
    return all;
  }

  /**
   * Training examples of whole photos in aspect buckets, without masks: clothes and background are
   * learned too, unless captions name them. A photo without a caption of its own has a caption with
   * its scene. Photos count by their repeats.
   *
   * @param own the photos' own captions
   * @return the examples of each photo
   * @throws InvalidInputException if a photo does not fit into the buckets
   */
  static List<List<TrainingExample>> wholePhotos(
      AspectBuckets buckets,
      List<AcceptedPhoto> photos,
      List<SceneWords> scenes,
      List<Optional<String>> own,
      List<String> captions) {
    int[] copies = shares(photos.stream().mapToInt(AcceptedPhoto::repeats).toArray());
    List<List<TrainingExample>> all = new ArrayList<>();
    for (int i = 0; i < photos.size(); i++) {
      TrainingExample image = fit(buckets, photos.get(i));
      String scene = scenes.get(i).captionSuffix();
      List<TrainingExample> images = new ArrayList<>();
      for (int copy = 0; copy < copies[i]; copy++) {
        String caption = captions.get((i + copy) % captions.size()) + scene;
        images.add(image.caption(own.get(i).orElse(caption)));
      }
      all.add(images);
    }
    return all;
  }

  /** Returns how many photos have each size, in words for users. */
  static String sizes(List<List<TrainingExample>> photos) {
    Map<String, Integer> sizes = new TreeMap<>();
    photos.forEach(images -> {
      RgbImage image = images.get(0).image();
      sizes.merge(image.width() + "x" + image.height(), 1, Integer::sum);
    });
    return "photos by the size of their bucket: "
        + sizes.entrySet().stream()
            .map(size -> size.getKey() + " (" + size.getValue() + ")")
            .collect(Collectors.joining(", "));
  }

  private static TrainingExample fit(AspectBuckets buckets, AcceptedPhoto photo) {
    try {
      return buckets.fit(photo.image());
    } catch (IllegalArgumentException e) {
      throw new InvalidInputException(photo.name() + ": " + e.getMessage(), e);
    }
  }

  /** How often the examples of each photo are used, so that photos count by their repeats. */
  private static int[] copies(List<AcceptedPhoto> photos, List<Optional<String>> own) {
    return shares(IntStream.range(0, photos.size())
        .map(i -> photos.get(i).repeats() * (own.get(i).isPresent() ? EXAMPLES_OF_PHOTO : 1))
        .toArray());
  }

  /** Returns the smallest numbers, of at most {@value #MAX_COPIES}, in the given proportions. */
  private static int[] shares(int... copies) {
    int shared = IntStream.of(copies).reduce(0, PersonStudy::greatestDivisor);
    int most = IntStream.of(copies).max().orElse(1) / Math.max(1, shared);
    double scale = Math.min(1, (double) MAX_COPIES / most) / Math.max(1, shared);
    return IntStream.of(copies)
        .map(n -> (int) Math.max(1, Math.round(n * scale)))
        .toArray();
  }

  private static int greatestDivisor(int a, int b) {
    return b == 0 ? a : greatestDivisor(b, a % b);
  }
}

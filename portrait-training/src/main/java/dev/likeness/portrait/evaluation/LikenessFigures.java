package dev.likeness.portrait.evaluation;

import dev.likeness.diffusion.image.Picture;
import dev.likeness.photos.pixels.Resampler;
import dev.likeness.portrait.attributes.AttributeReader;
import dev.likeness.portrait.attributes.ReadBackTally;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/** What the pictures of a {@link LikenessTrial} are worth, in numbers from 0 on by their columns' names. */
final class LikenessFigures {
  static final String SECONDS = "seconds";
  private static final int SIDE = 32;

  private final Gallery gallery;
  private final Optional<AttributeReader> reader;

  LikenessFigures(Gallery gallery, Optional<AttributeReader> reader) {
    this.gallery = gallery;
    this.reader = reader;
  }

  /**
   * The figures of one person's pictures.
   *
   * @param plain how many of them leave the person's hair alone: these count for likeness
   * @param crops what was learnt
   * @param control the pictures of the same prompts and noise without the person
   */
  Map<String, Double> of(LikenessTrial.Drawn drawn, int plain, List<Picture> crops, List<Picture> control) {
    List<Picture> own = drawn.pictures().subList(0, plain);
    List<float[]> faces = vectors(own);
    List<float[]> strangers = vectors(drawn.others());
    Map<String, Double> row = new LinkedHashMap<>();
    row.put("faces", faces.size() / (double) plain);
    row.put("recognised", faces.stream().filter(gallery::recognises).count() / (double) plain);
    double likeness = faces.stream().mapToDouble(gallery::likeness).average().orElse(0);
    row.put("likeness", likeness);
    row.put("of photo to photo", likeness / gallery.spread());
    row.put("diversity", spread(own) / spread(control.subList(0, plain)));
    row.put("to nearest selfie", own.stream().mapToDouble(p -> nearest(p, crops)).average().orElseThrow() / among(crops));
    reader.ifPresent(read -> row.put("read back", readBack(drawn, read)));
    row.put("others recognised", strangers.stream().filter(gallery::recognises).count() / (double) drawn.others().size());
    row.put("others' likeness", strangers.stream().mapToDouble(gallery::likeness).average().orElse(0));
    row.put(SECONDS, drawn.seconds());
    return row;
  }

  private List<float[]> vectors(List<Picture> pictures) {
    return pictures.stream().map(gallery::vector).flatMap(Optional::stream).toList();
  }

  private static double readBack(LikenessTrial.Drawn drawn, AttributeReader reader) {
    ReadBackTally tally = new ReadBackTally(reader);
    IntStream.range(0, drawn.pictures().size())
        .forEach(i -> tally.add(drawn.prompts().get(i), drawn.pictures().get(i)));
    return tally.share();
  }

  /** The mean distance of two of them, in the reader's features where there is one. */
  private double spread(List<Picture> pictures) {
    List<float[]> looks = pictures.stream()
        .map(picture -> reader.map(read -> read.features(picture)).orElseGet(() -> thumbnail(picture))).toList();
    return IntStream.range(0, looks.size()).boxed()
        .flatMap(i -> IntStream.range(0, i).mapToObj(j -> apart(looks.get(i), looks.get(j))))
        .mapToDouble(d -> d).average().orElseThrow();
  }

  /** How far each of the selfies is from its nearest other, on average. */
  private static double among(List<Picture> crops) {
    return crops.stream().mapToDouble(one -> nearest(one, crops.stream().filter(other -> other != one).toList()))
        .average().orElseThrow();
  }

  private static double nearest(Picture picture, List<Picture> crops) {
    float[] own = thumbnail(picture);
    return crops.stream().mapToDouble(crop -> apart(own, thumbnail(crop))).min().orElseThrow();
  }

  private static double apart(float[] a, float[] b) {
    return Math.sqrt(IntStream.range(0, a.length).mapToDouble(i -> (a[i] - b[i]) * (double) (a[i] - b[i])).sum());
  }

  private static float[] thumbnail(Picture picture) {
    byte[] small = Resampler.AREA.resize(picture, SIDE, SIDE).rgb();
    float[] values = new float[small.length];
    for (int i = 0; i < small.length; i++) {
      values[i] = small[i] & 0xff;
    }
    return values;
  }
}

package dev.likeness.portrait.evaluation;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.portrait.attributes.AttributeReader;
import dev.likeness.portrait.attributes.ReadBackTally;
import dev.likeness.portrait.people.Attribute;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * What the images of a {@link LikenessTrial} are worth, in numbers by their columns' names.
 *
 * @param plain how many of the images leave the person's hair alone: these count for likeness
 * @param control what is drawn of the same prompts and noise without the person
 * @param unseen selfies of the person that were not learnt
 */
record LikenessFigures(
    Gallery gallery,
    Optional<AttributeReader> reader,
    int plain,
    LikenessTrial.Drawn control,
    List<RgbImage> unseen) {
  /**
   * The figures of one person's images.
   *
   * @param crops what was learnt
   */
  Map<String, Object> of(LikenessTrial.Drawn drawn, List<RgbImage> crops) {
    List<RgbImage> own = own(drawn);
    List<float[]> faces = faces(own);
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("faces", faces.size() / (double) plain);
    row.put("recognised", recognised(faces, plain));
    row.put("unseen selfies recognised", recognised(faces(unseen), unseen.size()));
    double likeness = faces.stream().mapToDouble(gallery::likeness).average().orElse(0);
    row.put("likeness", likeness);
    row.put("of photo to photo", likeness / gallery.spread());
    row.put("diversity over the base's", spread(own) / spread(own(control)));
    copies(row, own, crops);
    reader.ifPresent(read -> readBack(row, drawn, read));
    strangers(row, drawn.others());
    row.put("seconds", drawn.seconds());
    return row;
  }

  private List<float[]> faces(List<RgbImage> images) {
    return images.stream().map(gallery::vector).flatMap(Optional::stream).toList();
  }

  /** An image without a face shows nobody. */
  private double recognised(List<float[]> faces, int images) {
    return faces.stream().filter(gallery::recognises).count() / (double) images;
  }

  private List<RgbImage> own(LikenessTrial.Drawn drawn) {
    return drawn.images().subList(0, plain);
  }

  /**
   * How near images are to the nearest of the learnt selfies, in grey levels, beside how near to
   * these the base's own images are and selfies that were not learnt: only what copies is nearer
   * than both.
   */
  private void copies(Map<String, Object> row, List<RgbImage> own, List<RgbImage> crops) {
    List<float[]> known = crops.stream().map(NearestPicture::thumbnail).toList();
    row.put("to nearest selfie", nearest(own, known));
    row.put("control's", nearest(own(control), known));
    row.put("unseen selfies'", nearest(unseen, known));
  }

  private static double nearest(List<RgbImage> images, List<float[]> known) {
    return images.stream()
        .mapToDouble(one -> NearestPicture.nearest(one, known))
        .average()
        .orElseThrow();
  }

  /**
   * Of the clothes, hair, light and backdrop that were asked for, and of the person's own hair
   * where prompts say nothing of it: embedders look at faces.
   */
  private void readBack(
      Map<String, Object> row, LikenessTrial.Drawn drawn, AttributeReader reader) {
    ReadBackTally asked = new ReadBackTally(reader);
    ReadBackTally hair = new ReadBackTally(reader);
    Map<Attribute, Set<String>> own =
        Map.of(Attribute.HAIR, Set.of(gallery.person().hair().words()));
    for (int i = 0; i < drawn.images().size(); i++) {
      Map<Attribute, String> read = reader.of(drawn.images().get(i));
      asked.add(drawn.asks().get(i).words(), read);
      if (i < plain) {
        hair.add(own, read);
      }
    }
    row.put("read back", asked.share(IdentityFigures.SCENE));
    row.put("own hair", hair.share());
  }

  /**
   * How much other people look like the person now, and how much still like themselves without the
   * person.
   */
  private void strangers(Map<String, Object> row, List<RgbImage> others) {
    List<Optional<float[]>> now = others.stream().map(gallery::vector).toList();
    List<Optional<float[]>> before =
        control.others().stream().map(gallery::vector).toList();
    row.put(
        "others recognised",
        recognised(now.stream().flatMap(Optional::stream).toList(), others.size()));
    row.put(
        "others' likeness",
        now.stream()
            .flatMap(Optional::stream)
            .mapToDouble(gallery::likeness)
            .average()
            .orElse(0));
    // A face that is lost is like nobody.
    row.put(
        "others' likeness to themselves",
        IntStream.range(0, before.size())
            .filter(i -> before.get(i).isPresent())
            .mapToDouble(i -> now.get(i)
                .map(face -> FaceEmbedder.cosine(face, before.get(i).get()))
                .orElse(0.0))
            .average()
            .orElse(0));
  }

  /** The mean distance of two of them, in the reader's features where there is one. */
  private double spread(List<RgbImage> images) {
    List<float[]> looks = images.stream()
        .map(image -> reader
            .map(read -> read.features(image))
            .orElseGet(() -> NearestPicture.thumbnail(image)))
        .toList();
    return Diversity.spread(looks);
  }
}

package dev.likeness.examples;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.image.Picture;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.headshots.Consent;
import dev.likeness.headshots.Headshot;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.headshots.Style;
import dev.likeness.lora.TrainedPerson;
import dev.likeness.photos.PhotoReview;
import dev.likeness.photos.PhotoSet;
import dev.likeness.photos.ReviewOptions;
import dev.likeness.photos.ReviewTools;
import dev.likeness.photos.embed.UsePolicy;
import dev.likeness.photos.likeness.HoldOut;
import dev.likeness.photos.likeness.Likeness;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The whole job on the reader's own weights and selfies, with a report by an encoder that took no part in it; see
 * {@code docs/real-weights.md}. {@code examples/bin/real-weights} runs it.
 */
public final class RealWeights {
  private static final int PICTURES = 8;
  private static final int GIVEN = 6;

  private RealWeights() {}

  /** Base, photos to learn from, photos held back, YuNet file, embedder file, output folder. */
  public static void main(String[] args) throws IOException {
    if (args.length != GIVEN) {
      System.err.println("usage: real-weights BASE PHOTOS HELD_BACK YUNET.onnx EMBEDDER.onnx OUT");
      System.exit(2);
    }
    Path out = Files.createDirectories(Path.of(args[5]));
    try (ReviewTools tools = ReviewTools.builtIn().withDetector(Path.of(args[3]))
            .withEmbedder(Path.of(args[4]), UsePolicy.NON_COMMERCIAL);
        BaseModel base = BaseModel.open(Path.of(args[0]), Compute.best())) {
      PhotoReview learnt = PhotoReview.of(PhotoSet.from(Path.of(args[1])), tools, ReviewOptions.defaults());
      PhotoReview unseen = PhotoReview.of(PhotoSet.from(Path.of(args[2])), tools, ReviewOptions.defaults());
      HoldOut photos = new HoldOut(learnt.accepted(), unseen.accepted(), true);
      Likeness likeness = Likeness.of(photos, tools.detector(), tools.embedder().orElseThrow());
      System.out.println(likeness.report(headshots(base, learnt, out)));
    }
  }

  private static List<Picture> headshots(BaseModel base, PhotoReview photos, Path out) {
    HeadshotStudio studio = HeadshotStudio.on(base);
    List<Picture> pictures = new ArrayList<>();
    try (TrainedPerson person = studio.learn(photos, Consent.of("my own photos, for my own use"))) {
      for (Headshot headshot : studio.shoot(person, Style.named("studio"), PICTURES).headshots()) {
        headshot.writePng(out.resolve(Headshot.fileName(pictures.size())));
        pictures.add(headshot.picture());
      }
    }
    return pictures;
  }
}

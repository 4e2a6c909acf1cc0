package dev.likeness.headshots.person;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.AcceptedPhoto;
import dev.likeness.photos.ReviewTools;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.face.BoundingBox;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.photos.face.HeadPose;
import dev.likeness.photos.face.Point;
import dev.likeness.photos.internal.image.Luma;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * Faces are fields of skin with pores; the detector says that each image is one, with eyes as far
 * apart as told.
 */
class AuthenticityTest {
  private static final int SIDE = 200;

  private static final List<Integer> PHOTOS = List.of(140, 150, 160);

  private double eyes = 60;
  private boolean landmarks = true;
  private final FaceDetector detector = new FaceDetector() {
    @Override
    public List<Face> detect(RgbImage image) {
      return List.of(face(eyes, landmarks));
    }

    @Override
    public String name() {
      return "told";
    }

    @Override
    public void close() {
      eyes = 0;
    }
  };

  /** Images a grey level apart look alike as vectors a degree apart. */
  private static final FaceEmbedder EMBEDDER = new FaceEmbedder() {
    @Override
    public float[] embed(RgbImage image, Face face) {
      double level = 0;
      for (int i = 0; i < SIDE; i++) {
        level += image.at(i, i, 1) / (double) SIDE;
      }
      return new float[] {
        (float) Math.cos(Math.toRadians(level)), (float) Math.sin(Math.toRadians(level))
      };
    }

    @Override
    public String name() {
      return "degrees";
    }

    @Override
    public double samePersonThreshold() {
      return 0.5;
    }

    @Override
    public void close() {
      // There is nothing open.
    }
  };

  @Test
  void acceptsAnImageLikeThePhotos() {
    assertEquals(
        new Authenticity.Result(Set.of(), Set.of()),
        authenticity(PHOTOS, Optional.of(EMBEDDER)).judge(skin(150, 12, 9)));
  }

  @Test
  void flagsLowLikeness() {
    Authenticity authenticity = authenticity(PHOTOS, Optional.of(EMBEDDER));
    assertEquals(
        Set.of(Authenticity.Flag.LOW_LIKENESS),
        authenticity.judge(skin(110, 12, 9)).flags());
    assertEquals(Set.of(), authenticity.judge(skin(145, 12, 9)).flags());
  }

  @Test
  void noticesLighterSkin() {
    assertEquals(
        Set.of(Authenticity.Flag.LIGHTER_SKIN),
        authenticity().judge(skin(215, 12, 9)).flags());
    assertEquals(Set.of(), authenticity().judge(skin(110, 12, 9)).flags());
  }

  @Test
  void saysNothingOfSkinInBlackAndWhite() {
    Authenticity.Result verdict = authenticity().judge(Luma.of(skin(215, 12, 9)).toImage());
    assertEquals(Set.of(), verdict.flags());
    assertTrue(verdict.notJudged().contains(Authenticity.Flag.LIGHTER_SKIN));
  }

  @Test
  void noticesSmootherSkin() {
    assertEquals(
        Set.of(Authenticity.Flag.YOUNGER), authenticity().judge(skin(150, 3, 9)).flags());
    assertEquals(Set.of(), authenticity().judge(skin(150, 20, 9)).flags());
  }

  @Test
  void noticesANarrowerFace() {
    Authenticity authenticity = authenticity();
    eyes = 52;
    assertEquals(
        Set.of(Authenticity.Flag.SLIMMER), authenticity.judge(skin(150, 12, 9)).flags());
    eyes = 68;
    assertEquals(Set.of(), authenticity.judge(skin(150, 12, 9)).flags());
  }

  @Test
  void listsTraitsThatItCouldNotCompare() {
    assertEquals(
        Set.of(Authenticity.Flag.LOW_LIKENESS),
        authenticity().judge(skin(150, 12, 9)).notJudged());
    assertEquals(
        Set.of(Authenticity.Flag.LOW_LIKENESS),
        authenticity(List.of(150), Optional.of(EMBEDDER))
            .judge(skin(150, 12, 9))
            .notJudged());
    Authenticity authenticity = authenticity(PHOTOS, Optional.of(EMBEDDER));
    landmarks = false;
    assertEquals(
        Map.of("file", "a.png", "flags", List.of(), "not_judged", List.of("slimmer")),
        authenticity.judge(skin(150, 12, 9)).toMap("a.png"));
  }

  @Test
  void saysWhenThereIsNoFace() {
    FaceDetector blind = new FaceDetector() {
      @Override
      public List<Face> detect(RgbImage image) {
        return List.of();
      }

      @Override
      public String name() {
        return "blind";
      }

      @Override
      public void close() {
        eyes = 0;
      }
    };
    Authenticity.Result verdict =
        Authenticity.of(List.of(), ReviewTools.of(blind)).judge(skin(150, 12, 1));
    assertEquals(Set.of(Authenticity.Flag.NO_FACE), verdict.flags());
    assertEquals(4, verdict.notJudged().size());
  }

  private Authenticity authenticity() {
    return authenticity(PHOTOS, Optional.empty());
  }

  private Authenticity authenticity(List<Integer> levels, Optional<FaceEmbedder> embedder) {
    return Authenticity.of(
        levels.stream().map(level -> photo(level, level)).toList(),
        embedder
            .map(ReviewTools.of(detector)::withEmbedder)
            .orElseGet(() -> ReviewTools.of(detector)));
  }

  private static AcceptedPhoto photo(int level, long seed) {
    return AcceptedPhoto.of("photo-" + seed, skin(level, 12, seed), face(60, true));
  }

  private static Face face(double between, boolean landmarks) {
    Face.Landmarks points = new Face.Landmarks(
        new Point(100 - between / 2, 80),
        new Point(100 + between / 2, 80),
        new Point(100, 110),
        new Point(80, 140),
        new Point(120, 140));
    return new Face(
        new BoundingBox(40, 40, 120, 120),
        1,
        HeadPose.FRONTAL,
        Optional.empty(),
        Optional.of(points).filter(known -> landmarks));
  }

  private static RgbImage skin(int level, int pores, long seed) {
    Random random = new Random(seed);
    byte[] rgb = new byte[SIDE * SIDE * 3];
    for (int i = 0; i < rgb.length; i += 3) {
      int noise = (int) (random.nextGaussian() * pores);
      rgb[i] = (byte) Math.min(255, Math.max(0, level + 25 + noise));
      rgb[i + 1] = (byte) Math.min(255, Math.max(0, level + noise));
      rgb[i + 2] = (byte) Math.min(255, Math.max(0, level - 20 + noise));
    }
    return RgbImage.of(SIDE, SIDE, rgb);
  }
}

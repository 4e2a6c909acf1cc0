package dev.likeness.headshots;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.likeness.diffusion.image.Picture;
import dev.likeness.photos.AcceptedPhoto;
import dev.likeness.photos.ReviewTools;
import dev.likeness.photos.face.Box;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.photos.face.Landmarks;
import dev.likeness.photos.face.Point;
import dev.likeness.photos.face.Pose;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Faces are fields of skin with pores; the detector says that each picture is one, with eyes as far apart as told. */
class AuthenticityTest {
  private static final int SIDE = 200;

  private double eyes = 60;
  private final FaceDetector detector = new FaceDetector() {
    @Override
    public List<Face> detect(Picture picture) {
      return List.of(face(eyes));
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

  @Test
  void saysNothingOfAPictureLikeThePhotos() {
    assertEquals(Set.of(), authenticity().flags(skin(150, 12, 9)));
  }

  @Test
  void noticesLighterSkin() {
    assertEquals(Set.of(AuthenticityFlag.LIGHTER_SKIN), authenticity().flags(skin(215, 12, 9)));
    assertEquals(Set.of(), authenticity().flags(skin(110, 12, 9)));
  }

  @Test
  void noticesSmootherSkin() {
    assertEquals(Set.of(AuthenticityFlag.YOUNGER), authenticity().flags(skin(150, 3, 9)));
  }

  @Test
  void noticesANarrowerFace() {
    Authenticity authenticity = authenticity();
    eyes = 52;
    assertEquals(Set.of(AuthenticityFlag.SLIMMER), authenticity.flags(skin(150, 12, 9)));
  }

  @Test
  void saysWhenThereIsNoFace() {
    FaceDetector blind = new FaceDetector() {
      @Override
      public List<Face> detect(Picture picture) {
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
    assertEquals(Set.of(AuthenticityFlag.NO_FACE),
        Authenticity.of(List.of(), ReviewTools.of(blind)).flags(skin(150, 12, 1)));
  }

  private Authenticity authenticity() {
    List<AcceptedPhoto> photos = List.of(photo(140, 1), photo(150, 2), photo(160, 3));
    return Authenticity.of(photos, ReviewTools.of(detector));
  }

  private static AcceptedPhoto photo(int level, long seed) {
    return AcceptedPhoto.of("photo-" + seed, skin(level, 12, seed), face(60));
  }

  private static Face face(double between) {
    Landmarks points = new Landmarks(new Point(100 - between / 2, 80), new Point(100 + between / 2, 80),
        new Point(100, 110), new Point(80, 140), new Point(120, 140));
    return new Face(new Box(40, 40, 120, 120), 1, Pose.FRONTAL, Optional.empty(), Optional.of(points));
  }

  private static Picture skin(int level, int pores, long seed) {
    Random random = new Random(seed);
    byte[] rgb = new byte[SIDE * SIDE * 3];
    for (int i = 0; i < rgb.length; i += 3) {
      int noise = (int) (random.nextGaussian() * pores);
      rgb[i] = (byte) Math.min(255, Math.max(0, level + 25 + noise));
      rgb[i + 1] = (byte) Math.min(255, Math.max(0, level + noise));
      rgb[i + 2] = (byte) Math.min(255, Math.max(0, level - 20 + noise));
    }
    return Picture.of(SIDE, SIDE, rgb);
  }
}

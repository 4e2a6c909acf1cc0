package dev.likeness.portrait.people;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.image.RgbImage;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

class RendererTest {
  private static final int SIZE = 128;

  private static Shot facing(long seed) {
    return Shot.headshot(new Random(seed), Style.STUDIO)
        .withPose(0, 0, 0)
        .withGaze(0, 0)
        .withExpression(Expression.NEUTRAL, 1)
        .withLight(Light.SOFT, Tint.BLUE)
        .withBackdrop(Backdrop.PAPER, Tint.GRAY);
  }

  @Test
  void drawsTheSameImageAgainWhateverWasDrawnBetweenAndOnAnyThread() {
    Person ada = Person.random(3);
    Shot shot = Shot.selfie(new Random(3));
    Portrait first = Renderer.render(ada, shot, SIZE);
    Renderer.render(Person.random(4), facing(9), SIZE);
    Portrait again = Renderer.render(ada, shot, SIZE);
    Portrait elsewhere =
        CompletableFuture.supplyAsync(() -> Renderer.render(ada, shot, SIZE)).join();
    assertEquals(first.image(), again.image());
    assertEquals(first.image(), elsewhere.image());
    assertArrayEquals(first.hairMask(), elsewhere.hairMask());
    assertEquals(first.caption(), elsewhere.caption());
  }

  @Test
  void placesLandmarksOnTheFaceInOrder() {
    for (long seed = 0; seed < 24; seed++) {
      Random random = new Random(seed);
      Portrait portrait = Renderer.render(
          Person.random(seed), seed % 2 == 0 ? Shot.selfie(random) : Shot.headshot(random), SIZE);
      float[] l = portrait.landmarks();
      for (float x : l) {
        assertTrue(x > 0 && x < SIZE, "seed " + seed + " has a landmark at " + x);
      }
      assertTrue(l[0] < l[2] && l[6] < l[8], "left of right, seed " + seed);
      assertTrue(
          l[1] < l[5] && l[3] < l[5] && l[5] < l[7] && l[5] < l[9],
          "eyes above nose above mouth, seed " + seed);
    }
  }

  @Test
  void masksTheFaceWhereTheNoseIs() {
    Person shaven = first(p -> p.beard() == BeardStyle.NONE && p.hair() == HairStyle.SHORT);
    Portrait portrait = Renderer.render(shaven, facing(1), SIZE);
    int nose = Math.round(portrait.landmarks()[5]) * SIZE + Math.round(portrait.landmarks()[4]);
    assertTrue((portrait.faceMask()[nose] & 255) > 200);
    assertEquals(0, portrait.hairMask()[nose]);
    assertEquals(0, portrait.faceMask()[0]);
  }

  /**
   * Of somebody without glasses and earrings all is head, hair, clothes or backdrop, but for the
   * ears.
   */
  @Test
  void masksAllThatIsSeen() {
    Person plain =
        first(p -> p.glasses() == Glasses.NONE && !p.earrings() && p.hair() == HairStyle.SHORT);
    Portrait portrait = Renderer.render(plain, facing(1), SIZE);
    int ears = 0;
    for (int i = 0; i < SIZE * SIZE; i++) {
      int all = (portrait.faceMask()[i] & 255)
          + (portrait.hairMask()[i] & 255)
          + (portrait.clothesMask()[i] & 255)
          + (portrait.backdropMask()[i] & 255);
      assertTrue(all <= 4 * 64, all + " at " + i);
      ears += all == 0 ? 1 : 0;
    }
    assertTrue(ears < SIZE * SIZE / 40, ears + " pixels are nothing that has a mask");
    int chest = (SIZE - 2) * SIZE + SIZE / 2;
    assertTrue((portrait.clothesMask()[chest] & 255) > 200);
    assertTrue((portrait.backdropMask()[0] & 255) > 200);
    assertArrayEquals(plain.identity(), portrait.identity());
  }

  @Test
  void showsRedHairRedderThanBlackHair() {
    Person red = first(p -> p.hair() == HairStyle.LONG && p.hairColour() == HairColour.RED);
    Person black = first(p -> p.hair() == HairStyle.LONG && p.hairColour() == HairColour.BLACK);
    assertTrue(hairRedness(red) > hairRedness(black) + 30);
  }

  @Test
  void drawsBlackAndWhiteWithoutColour() {
    RgbImage image = Renderer.render(Person.random(8), facing(2).withStyle(Style.MONOCHROME), SIZE)
        .image();
    for (int i = 0; i < SIZE; i++) {
      assertEquals(image.at(i, i, 0), image.at(i, i, 2));
    }
  }

  @Test
  void tellsPeopleApartMoreThanShotsOfOnePerson() {
    double same = 0;
    double different = 0;
    for (long i = 0; i < 12; i++) {
      RgbImage one = face(Person.random(i), facing(i));
      same += distance(one, face(Person.random(i), facing(i + 50)));
      different += distance(one, face(Person.random(i + 12), facing(i + 50)));
    }
    assertTrue(different > 3 * same, "different people " + different + ", same person " + same);
  }

  @Test
  void refusesAnOddSize() {
    Exception e = assertThrows(
        IllegalArgumentException.class, () -> Renderer.render(Person.random(1), facing(1), 129));
    assertEquals("size 129 given; expected an even number of at least 64", e.getMessage());
  }

  @Test
  void addsFlawsToSelfiesOnly() {
    Shot shot = facing(5);
    Person ada = Person.random(5);
    assertEquals(0, shot.noise());
    assertNotEquals(
        Renderer.render(ada, shot, SIZE).image(),
        Renderer.render(ada, shot.withNoise(1), SIZE).image());
  }

  @Test
  void countsGlassesNeitherAsHairNorAsSkin() {
    Person bare = first(p -> p.glasses() == Glasses.ROUND
        && p.hair() == HairStyle.BALD
        && p.beard() == BeardStyle.NONE
        && !p.earrings());
    Portrait portrait = Renderer.render(bare, facing(1), SIZE);
    for (byte hair : portrait.hairMask()) {
      assertEquals(0, hair);
    }
  }

  private static RgbImage face(Person person, Shot shot) {
    return Renderer.render(person, shot, SIZE).image().crop(44, 24, 40, 48);
  }

  private static double distance(RgbImage a, RgbImage b) {
    byte[] x = a.rgb();
    byte[] y = b.rgb();
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      sum += Math.abs((x[i] & 255) - (y[i] & 255));
    }
    return sum / x.length;
  }

  private static double hairRedness(Person person) {
    Portrait portrait = Renderer.render(person, facing(3), SIZE);
    double sum = 0;
    int n = 0;
    for (int i = 0; i < SIZE * SIZE; i++) {
      if ((portrait.hairMask()[i] & 255) == 255) {
        sum +=
            portrait.image().at(i % SIZE, i / SIZE, 0) - portrait.image().at(i % SIZE, i / SIZE, 2);
        n++;
      }
    }
    assertTrue(n > 500, "hair covers " + n + " pixels");
    return sum / n;
  }

  private static Person first(Predicate<Person> wanted) {
    long seed = 0;
    while (!wanted.test(Person.random(seed))) {
      seed++;
    }
    return Person.random(seed);
  }
}

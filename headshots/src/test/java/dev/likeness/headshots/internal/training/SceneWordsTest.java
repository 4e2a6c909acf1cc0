package dev.likeness.headshots.internal.training;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class SceneWordsTest {
  @Test
  void describesTheKnownScene() {
    SceneWords words = SceneWords.EMPTY
        .with("outfit colour", "red")
        .with("outfit", "a # hoodie")
        .with("light", "flash");
    assertEquals(", wearing a red hoodie, flash", words.captionSuffix());
    assertEquals(
        ", wearing a red hoodie, flash, beige background",
        words.with("backdrop", "# background").with("backdrop colour", "beige").captionSuffix());
    assertEquals(
        "", SceneWords.EMPTY.with("outfit colour", "red").captionSuffix(), "a colour of nothing");
  }

  @Test
  void fitsTheArticleToTheColour() {
    assertEquals(
        ", wearing a sweater", SceneWords.EMPTY.with("outfit", "a # sweater").captionSuffix());
    assertEquals(
        ", wearing an olive sweater",
        SceneWords.EMPTY
            .with("outfit", "a # sweater")
            .with("outfit colour", "olive")
            .captionSuffix());
  }

  @Test
  void namesColoursThatAreNearOneWordAlone() {
    assertEquals("red", SceneWords.colour(47, 59, 37));
    assertEquals("green", SceneWords.colour(52, -37, 22));
    assertEquals("white", SceneWords.colour(89, 0, -2));
    assertEquals("red", SceneWords.colour(30, 59, 37), "in the shade");
    assertEquals("", SceneWords.colour(50, 3, 19), "olive as much as brown");
    assertEquals("", SceneWords.colour(60, -60, 60), "no word is near");
  }
}

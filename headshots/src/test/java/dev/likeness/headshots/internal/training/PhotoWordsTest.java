package dev.likeness.headshots.internal.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.headshots.person.PersonProfile;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PhotoWordsTest {
  private static PhotoWords words(
      float woman, float bald, float flash, float shirt, float red, float park) {
    return words(Map.of(
        "sex",
        pair(woman),
        "hair",
        new float[] {bald, 1 - bald, 0},
        "light",
        new float[] {flash, 0.9f - flash, 0.1f},
        "outfit",
        pair(shirt),
        "outfit colour",
        pair(red),
        "backdrop",
        pair(park)));
  }

  /** Of what is not said the first word of each slot is likely by a fifth. */
  private static PhotoWords words(Map<String, float[]> said) {
    Map<String, List<String>> slots = new HashMap<>(Map.of(
        "age",
        List.of("young", ""),
        "skin",
        List.of("fair skin", ""),
        "glasses",
        List.of("glasses", ""),
        "marks",
        List.of("freckles", ""),
        "beard",
        List.of("", "a beard"),
        "colour",
        List.of("black", "red"),
        "hair",
        List.of("a bald head", "long # hair", "short # hair")));
    slots.putAll(Map.of(
        "sex",
        List.of("woman", "man"),
        "light",
        List.of("flash", "soft light", ""),
        "outfit",
        List.of("a # shirt", "a # hoodie"),
        "outfit colour",
        List.of("red", "navy"),
        "backdrop",
        List.of("park", "# background"),
        "backdrop colour",
        List.of("gray", "pink")));
    Map<String, float[]> likely = new HashMap<>();
    slots.keySet().forEach(slot -> likely.put(slot, said.getOrDefault(slot, pair(0.2f))));
    return new PhotoWords(slots, likely);
  }

  private static float[] pair(float first) {
    return new float[] {first, 1 - first};
  }

  @Test
  void picksTheMostProbableWordOverAllPhotos() {
    PersonProfile profile = PhotoWords.profile(
        List.of(words(0.9f, 0.6f, 0, 0, 0, 0), words(0.7f, 0.1f, 0, 0, 0, 0)),
        PersonProfile.UNKNOWN);
    assertEquals("a woman with long red hair", profile.phrase());
    PersonProfile.Trait hair = profile.trait("hair").orElseThrow();
    assertEquals(0.65, hair.confidence(), 1e-6);
    assertEquals(PersonProfile.Trait.Source.PHOTOS, hair.source());
  }

  @Test
  void skipsKnownAndInapplicableAttributes() {
    List<PhotoWords> photos = List.of(words(0.9f, 0.1f, 0, 0, 0, 0));
    assertTrue(PhotoWords.profile(photos, PersonProfile.UNKNOWN).trait("beard").isEmpty());
    PersonProfile known = PersonProfile.UNKNOWN.withCorrection("sex", "man");
    assertEquals(
        "a man with long red hair and a beard",
        PhotoWords.profile(photos, known).phrase());
  }

  @Test
  void saysHairOfNoCertainStyleByItsColourAlone() {
    assertEquals("a woman with red hair", haired(0.4f, 0.35f, 0.25f).phrase());
    assertEquals("a woman with long red hair", haired(0.5f, 0.3f, 0.2f).phrase());
    assertEquals("a woman", haired(0.2f, 0.2f, 0.4f).phrase(), "whether there is any is not sure");
    assertTrue(
        haired(0.1f, 0.1f, 0.8f).trait("colour").isEmpty(), "a bald head has no hair to colour");
  }

  private static PersonProfile haired(float longHair, float shortHair, float bald) {
    return PhotoWords.profile(
        List.of(words(Map.of("sex", pair(0.9f), "hair", new float[] {bald, longHair, shortHair}))),
        PersonProfile.UNKNOWN);
  }

  @Test
  void describesASceneByConfidentWords() {
    SceneWords scene = words(1, 0, 0.85f, 0.9f, 0.95f, 0.05f).scene(0.7);
    assertEquals(", wearing a red shirt, flash, pink background", scene.captionSuffix());
    assertEquals("", words(1, 0, 0.5f, 0.6f, 0.5f, 0.6f).scene(0.7).captionSuffix());
  }

  @Test
  void saysAColourOfTheLikeliestGarment() {
    assertEquals(
        ", wearing a navy shirt",
        words(1, 0, 0.5f, 0.55f, 0.1f, 0.6f).scene(0.7).captionSuffix());
  }
}

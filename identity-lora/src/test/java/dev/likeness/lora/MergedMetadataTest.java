package dev.likeness.lora;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.FaceMetadata;
import dev.likeness.diffusion.internal.file.SafetensorsHeader;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.lora.file.KeyFormat;
import dev.likeness.lora.file.LoraInspection;
import dev.likeness.lora.internal.file.LoraMetadata;
import dev.likeness.lora.training.PersonToken;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What headers of LoRAs made of others say. */
@ExtendWith(NoTensorLeaks.class)
class MergedMetadataTest extends OnGoldenBase {
  private static final String FACES =
      FaceMetadata.toJson("ada's", List.of(new float[] {0.6f, 0.8f}));
  private static final Map<String, String> ADA = Map.of(
      "likeness.token",
      "sks",
      "likeness.class_word",
      "woman",
      "likeness.consent",
      "Ada agreed to headshots",
      "likeness.base",
      "base-current",
      "likeness.recipe",
      "quick",
      "likeness.faces",
      FACES,
      "modelspec.license",
      "for Ada alone");
  private static final Map<String, String> BEA = Map.of(
      "likeness.token",
      "sks",
      "likeness.class_word",
      "woman",
      "likeness.consent",
      "Bea agreed to headshots",
      "likeness.base",
      "base-current",
      "license",
      "for Bea alone");
  private static final Map<String, String> FILM = Map.of(
      "ss_network_dim",
      "64",
      "ss_network_alpha",
      "1",
      "sshs_model_hash",
      "5e",
      "ss_output_name",
      "film",
      "ss_learning_rate",
      "1e-4",
      "ss_tag_frequency",
      "{\"10_film\": {\"film grain\": 9}}",
      "license",
      "CC-BY",
      "modelspec.author",
      "Max");

  @TempDir
  private Path folder;

  private Lora with(String name, Map<String, String> header) {
    Path file = folder.resolve("whole.safetensors");
    try (Lora lora = Lora.open(GoldenLora.file(name), base)) {
      lora.save(file, KeyFormat.PEFT, header);
    }
    return Lora.open(file, base);
  }

  private Path merged(Lora... loras) {
    Map<Lora, Double> weights = new LinkedHashMap<>();
    for (Lora lora : loras) {
      weights.put(lora, 0.5);
    }
    Path file = folder.resolve("merged.safetensors");
    try (Lora merged = LoraMerge.merge(weights, 3)) {
      assertEquals(LoraMetadata.read(merged.metadata()), merged.inspection().metadata());
      merged.save(file);
    }
    return file;
  }

  @Test
  void keepEverythingOfAPersonAtAnotherRank() {
    Path file = folder.resolve("resized.safetensors");
    try (Lora ada = with("wide", ADA);
        Lora resized = LoraMerge.resize(ada, 1)) {
      resized.save(file);
    }
    try (LoraPerson again = LoraPerson.open(file, base)) {
      assertEquals(new PersonToken("sks", "woman", "Ada agreed to headshots"), again.personToken());
      assertEquals(FACES, again.metadata().get("likeness.faces"));
      assertEquals("for Ada alone", again.lora().inspection().metadata().licence());
    }
  }

  @Test
  void haveTheRankAndNoHashOfOtherFactors() {
    try (Lora film = with("wide", FILM);
        Lora resized = LoraMerge.resize(film, 1)) {
      assertEquals("1", resized.metadata().get("ss_network_dim"));
      assertEquals("1", resized.metadata().get("ss_network_alpha"));
      assertFalse(resized.metadata().containsKey("sshs_model_hash"));
      assertEquals("1e-4", resized.metadata().get("ss_learning_rate"));
      assertEquals(List.of("film grain"), resized.inspection().metadata().triggerWords());
    }
  }

  @Test
  void tagsThatAreNoObjectsGiveNoWords() {
    for (String tags : List.of("null", "[]", "1", "{\"10_a\": null}", "{", "[".repeat(5000))) {
      assertEquals(
          List.of(), LoraMetadata.read(Map.of("ss_tag_frequency", tags)).triggerWords());
    }
  }

  @Test
  void nameAModuleOfKohyasWhereItOpensTheFile() {
    Path file = folder.resolve("spelled.safetensors");
    try (Lora film = with("wide", FILM)) {
      film.save(file, KeyFormat.KOHYA);
      assertEquals(
          "networks.lora", SafetensorsHeader.read(file).metadata().get("ss_network_module"));
    }
    try (Lora kohya = Lora.open(file, base)) {
      Path back = folder.resolve("back.safetensors");
      kohya.save(back, KeyFormat.PEFT);
      assertFalse(SafetensorsHeader.read(back).metadata().containsKey("ss_network_module"));
    }
  }

  @Test
  void keepNoMetadataOfOtherTensors() {
    try (Lora film = with("wide", FILM)) {
      assertEquals("64", film.metadata().get("ss_network_alpha"), "alpha is the rank since");
      assertFalse(film.metadata().containsKey("sshs_model_hash"));
      assertEquals("1e-4", film.metadata().get("ss_learning_rate"));
    }
  }

  @Test
  void uniteFreeTextsAndKeepThePersonBesideAStyle() {
    try (Lora ada = with("wide", ADA);
        Lora film = with("attention", FILM)) {
      try (LoraPerson both = LoraPerson.open(merged(ada, film), base)) {
        LoraInspection.Metadata metadata = both.lora().inspection().metadata();
        assertEquals("for Ada alone; CC-BY", metadata.licence());
        assertEquals("film", metadata.title());
        assertTrue(metadata.triggerWords().contains("sks woman, film grain"), metadata.toString());
        assertEquals("Max", both.metadata().get("modelspec.author"));
        assertEquals("Ada agreed to headshots", both.personToken().consent());
        assertEquals("base-current", both.baseName());
        assertFalse(both.metadata().containsKey("ss_learning_rate"), "the sum was not trained so");
        assertEquals("3", both.metadata().get("ss_network_dim"));
      }
    }
  }

  @Test
  void keepEveryConsentOfSeveralPersons() {
    try (Lora ada = with("wide", ADA);
        Lora bea = with("attention", BEA)) {
      Path file = merged(ada, bea);
      assertTrue(assertThrows(InvalidInputException.class, () -> LoraPerson.open(file, base))
          .getMessage()
          .contains("its metadata does not name the person"));
      try (Lora both = Lora.open(file, base);
          Lora three = with(
              "unet-only",
              Map.of("likeness.class_word", "man", "likeness.consent", "Cy agreed to headshots"))) {
        assertEquals(
            "Ada agreed to headshots\nBea agreed to headshots",
            both.metadata().get("likeness.consent"));
        assertEquals(
            "for Ada alone; for Bea alone", both.inspection().metadata().licence());
        assertEquals(List.of("sks woman"), both.inspection().metadata().triggerWords());
        assertFalse(both.metadata().containsKey("likeness.faces"), "the face of one of them");
        try (Lora all = Lora.open(merged(both, three), base)) {
          assertEquals(
              "Ada agreed to headshots\nBea agreed to headshots\nCy agreed to headshots",
              all.metadata().get("likeness.consent"));
        }
      }
    }
  }
}

package dev.likeness.ipadapter.internal.registry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.catalogue.CatalogueModel.Commercial;
import dev.likeness.diffusion.catalogue.ModelCatalogue;
import dev.likeness.ipadapter.IpAdapterFile;
import dev.likeness.ipadapter.internal.method.IdentityMethod;
import dev.likeness.ipadapter.internal.method.IdentityMethod.FaceInput;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

/** What identity methods need, beside the table of docs/reference/adapters.md. */
class MethodRegistryTest {
  private static final int SD15 = 768;
  private static final int SDXL = 2048;

  @Test
  void givesEachMethodItsOwnId() {
    List<IdentityMethod> methods = MethodRegistry.methods();
    assertEquals(
        methods.size(), methods.stream().map(IdentityMethod::id).distinct().count());
    assertEquals(methods.size(), methods.stream().distinct().count());
  }

  @Test
  void needsWhatTheDocumentationSays() throws IOException {
    String page = Files.readString(Path.of("..", "docs", "reference", "adapters.md"));
    for (IdentityMethod method : MethodRegistry.methods()) {
      String row = "| " + method.id() + " | " + image(method) + " | " + face(method) + " | "
          + lora(method) + " | " + unconditional(method) + " | " + defaults(method) + " | "
          + licence(method) + " |";
      assertTrue(page.contains(row), "docs/reference/adapters.md lacks: " + row);
    }
  }

  @Test
  void readsFacesAsTheDocumentationSays() throws IOException {
    String page = Files.readString(Path.of("..", "docs", "reference", "adapters.md"));
    for (IdentityMethod method : MethodRegistry.methods()) {
      if (method.faceInput(SD15).isEmpty() && method.fidelity().isEmpty()) {
        assertEquals("", method.authorsDetector(), method.id());
        continue;
      }
      String row = "| " + method.id() + " | " + or(method.authorsDetector(), "no face") + " | "
          + crop(method) + " | "
          + (method.imageInput() == IdentityMethod.ImageInput.FACE_FEATURES ? "BiSeNet" : "no")
          + " | " + or(method.fidelity(), "none") + " |";
      assertTrue(page.contains(row), "docs/reference/adapters.md lacks: " + row);
    }
  }

  private static String or(String text, String otherwise) {
    return text.isEmpty() ? otherwise : text;
  }

  private static String crop(IdentityMethod method) {
    return method
        .faceInput(SD15)
        .map(small -> switch (small.side()) {
          case FaceInput.WHOLE_PHOTO -> "norm_crop of 112 for the embedding, and the whole photo";
          case FaceInput.FFHQ ->
            "norm_crop of 112 for the embedding, and FFHQ's of 512, grey" + " outside";
          case 112 -> "norm_crop of 112";
          default ->
            "norm_crop of 112 for the embedding, of " + small.side() + " (SDXL: "
                + method.faceInput(SDXL).orElseThrow().side() + ") for an image";
        })
        .orElse("the whole photo");
  }

  @Test
  void hasTheLicencesOfTheGuides() throws IOException {
    Path guides = Path.of("..", "docs", "guides");
    for (String guide : IpAdapterFile.methods()) {
      if (guide.equals(IdentityMethod.IP_ADAPTER)) {
        continue;
      }
      String page = Files.readString(guides.resolve(guide + ".md"));
      List<IdentityMethod> methods = MethodRegistry.methods().stream()
          .filter(method -> method.word().equals(guide))
          .toList();
      assertFalse(methods.isEmpty(), guide);
      for (IdentityMethod method : methods) {
        String cell = "| " + method.licence().orElseThrow().name() + " |";
        assertTrue(page.contains(cell), guide + ".md lacks " + cell);
      }
    }
  }

  private static String image(IdentityMethod method) {
    return switch (method.imageInput()) {
      case NONE -> "no";
      case POOLED -> "pooled embedding";
      case TOKENS -> "image tokens";
      case OWN_ENCODER -> "own encoder";
      case FACE_FEATURES -> "face parser and EVA02-CLIP";
    };
  }

  private static String face(IdentityMethod method) {
    Optional<FaceInput> small = method.faceInput(SD15);
    if (small.isEmpty()) {
      return "no";
    }
    int large = method.faceInput(SDXL).orElseThrow().side();
    return small.get().recogniser().file() + ", "
        + (small.get().isRaw() ? "not normalised" : "of length 1")
        + (large == FaceInput.WHOLE_PHOTO
            ? ", and the whole photo"
            : large == FaceInput.FFHQ
                ? ", aligned to 512 as FFHQ"
                : ", aligned to " + small.get().side()
                    + (large == small.get().side() ? "" : " (SDXL: " + large + ")"));
  }

  private static String lora(IdentityMethod method) {
    return switch (method.loraPart()) {
      case NONE -> "refused";
      case OPTIONAL -> "optional";
      case REQUIRED -> "required";
    };
  }

  private static String defaults(IdentityMethod method) {
    IdentityMethod.Defaults defaults = method.defaults();
    String weight = defaults.weight().isPresent()
        ? String.format(Locale.ROOT, "%.1f", defaults.weight().getAsDouble())
        : "none";
    return weight
        + (defaults.start() == 0
            ? ""
            : String.format(Locale.ROOT, ", from %.0f %% of the steps on", 100 * defaults.start()));
  }

  private static String licence(IdentityMethod method) {
    return method
        .licence()
        .map(licence -> licence.name() + (licence.commercial() == Commercial.NO ? "; no" : "; yes"))
        .orElse("not known");
  }

  private static String unconditional(IdentityMethod method) {
    return switch (method.unconditionalInput()) {
      case ZEROS -> "zeros";
      case ZERO_PIXELS -> "output for zeros";
      case BLACK -> "output for black";
    };
  }

  @Test
  void theCatalogueHasTheWeightsOfTheMethods() {
    Map<String, IdentityMethod> named = Map.of(
        "instantid", MethodRegistry.INSTANT_ID,
        "pulid", MethodRegistry.PULID,
        "pulid-flux", MethodRegistry.PULID_FLUX,
        "infiniteyou", MethodRegistry.INFINITE_YOU);
    named.forEach((name, method) -> assertEquals(method.defaults().weight(), weight(name), name));
    Map<String, IdentityMethod> nets = Map.of(
        "instantid-controlnet", MethodRegistry.INSTANT_ID,
        "infusenet", MethodRegistry.INFINITE_YOU);
    nets.forEach((name, method) ->
        assertEquals(method.controlNet().orElseThrow().scale(), weight(name).orElseThrow(), name));
  }

  private static OptionalDouble weight(String name) {
    return ModelCatalogue.builtIn().find(name).orElseThrow().weight();
  }
}

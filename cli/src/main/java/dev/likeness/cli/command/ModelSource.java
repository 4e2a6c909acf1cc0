package dev.likeness.cli.command;

import dev.likeness.cli.console.TypedCommand;
import dev.likeness.diffusion.catalogue.CatalogueModel;
import dev.likeness.diffusion.catalogue.ModelCatalogue;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.hub.HubAddress;
import dev.likeness.hub.HubSettings;
import dev.likeness.hub.ModelHub;
import dev.likeness.hub.WebFile;
import java.net.URI;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Where {@code models get} gets a model from: a repository of the hub, or a file of the web. */
sealed interface ModelSource {
  /** The prefix of versions of Civitai. */
  String CIVITAI = "civitai:";

  /** A repository of the hub, or a file in it. */
  record Repository(HubAddress address) implements ModelSource {}

  /** A file of the web. */
  sealed interface Web extends ModelSource {
    /**
     * Returns the file.
     *
     * @param sha256 the digest that the user gave
     */
    WebFile file(ModelHub hub, Optional<String> sha256);
  }

  /** A file of a version of Civitai. */
  record Civitai(long version, Optional<String> part) implements Web {
    @Override
    public WebFile file(ModelHub hub, Optional<String> sha256) {
      WebFile file = part.isPresent() ? hub.civitai(version, part.get()) : hub.civitai(version);
      return new WebFile(file.address(), file.name(), sha256.orElse(file.sha256()));
    }
  }

  /** A file at an address. */
  record Address(String text) implements Web {
    @Override
    public WebFile file(ModelHub hub, Optional<String> sha256) {
      return WebFile.of(
          text,
          sha256.orElseThrow(() -> new IllegalArgumentException(
              "the file at an address is compared with its digest: give --sha256 DIGEST from the"
                  + " page where the address stands")));
    }
  }

  /**
   * Returns the source of a text: {@code NAME[:file]} of the catalogue,
   * {@code owner/name[@revision][:file]}, {@code civitai:VERSION[:file]}, or an address. The
   * address of a page of the hub or of Civitai stands for its model.
   */
  static ModelSource of(String text, HubSettings settings) {
    if (text.startsWith(CIVITAI)) {
      return civitai(text);
    }
    if (!text.contains("://")) {
      return new Repository(repository(text));
    }
    Matcher version = Patterns.CIVITAI_PAGE.matcher(text);
    if (version.lookingAt()) {
      return new Civitai(Long.parseLong(version.group(1)), Optional.empty());
    }
    return page(text, settings.endpoint()).orElseGet(() -> new Address(text));
  }

  private static ModelSource civitai(String text) {
    Matcher parts = Patterns.CIVITAI.matcher(text);
    if (!parts.matches()) {
      throw new IllegalArgumentException(Quoted.of(text) + " names no version of Civitai; expected"
          + " civitai:VERSION, the number behind modelVersionId= in the address of the model's"
          + " page");
    }
    return new Civitai(Long.parseLong(parts.group(1)), Optional.ofNullable(parts.group(2)));
  }

  /** Returns the model that a page of the hub shows; empty for other addresses. */
  private static Optional<ModelSource> page(String text, URI endpoint) {
    if (!text.startsWith(endpoint + "/")) {
      return Optional.empty();
    }
    Matcher page = Patterns.HUB_PAGE.matcher(text.substring(endpoint.toString().length()));
    // A path that ends in a file of weights is that file, not the page of a repository.
    if (!page.matches()
        || page.group(2) == null && Patterns.WEIGHTS.matcher(page.group(1)).matches()) {
      return Optional.empty();
    }
    String address = page.group(1)
        + (page.group(2) == null ? "" : "@" + page.group(2))
        + (page.group(3) == null ? "" : ":" + page.group(3));
    return Optional.of(new Repository(HubAddress.parse(address)));
  }

  /**
   * Returns the repository of a name.
   *
   * @param name {@code NAME[:file]} of the catalogue, or {@code owner/name[@revision][:file]}
   */
  static HubAddress repository(String name) {
    return CatalogueName.of(name)
        .map(CatalogueName::address)
        .orElseGet(() -> HubAddress.parse(requireAddress(name)));
  }

  /** Returns the model of the catalogue at an address; empty if there is none. */
  static Optional<CatalogueModel> catalogued(HubAddress address) {
    return ModelCatalogue.builtIn().models().stream()
        .filter(model -> model.repository().equals(address.repository())
            && (model.file().isEmpty() || model.file().equals(address.file())))
        .findFirst();
  }

  private static String requireAddress(String name) {
    if (!name.contains("/")) {
      String closest = ModelPlaces.closest(
          name, ModelCatalogue.builtIn().models().stream().map(CatalogueModel::name));
      throw new InvalidInputException("the catalogue has no model " + Quoted.of(name) + "; "
          + (closest.isEmpty() ? "" : closest + "; ") + TypedCommand.of("models list")
          + " shows its names, and owner/name gets any repository");
    }
    if (name.contains("://")) {
      throw new IllegalArgumentException(
          Quoted.of(name) + " is a web address; give owner/name[@revision][:file] of the hub");
    }
    return name;
  }

  /** The forms of texts. */
  final class Patterns {
    private static final Pattern CIVITAI = Pattern.compile("civitai:(\\d{1,18})(?::(.+))?");
    private static final Pattern CIVITAI_PAGE =
        Pattern.compile("https://civitai\\.[a-z]+/(?:models/\\d+[^?]*\\?(?:[^#]*&)?modelVersionId="
            + "|api/download/models/)(\\d{1,18})");
    private static final Pattern WEIGHTS =
        Pattern.compile("(?i).*\\.(safetensors|ckpt|pt|pth|bin|gguf|onnx)");
    private static final Pattern HUB_PAGE = Pattern.compile(
        "/([^/?#]+/[^/?#]+?)/?(?:/(?:tree|blob|resolve)/([^/?#]+)(?:/([^?#]+))?)?(?:[?#].*)?");

    private Patterns() {}
  }
}

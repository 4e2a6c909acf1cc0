package dev.likeness.cli.command;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.model.ModelExtras.Extra;
import dev.likeness.headshots.person.IdentityStrength;
import dev.likeness.headshots.person.ReferencePerson;
import dev.likeness.ipadapter.IpAdapterFile;
import dev.likeness.ipadapter.PersonAdapter;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.embed.UsePolicy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** How a person becomes known to a base model, and the adapter that shows them. */
final class IdentityOptions {
  /** The ways to a person. */
  enum Method {
    LORA,
    IPADAPTER,
    BOTH;

    boolean trains() {
      return this != IPADAPTER;
    }

    /** Reads lora, ipadapter or both. */
    static final class Parser implements ITypeConverter<Method> {
      @Override
      public Method convert(String text) {
        return Arrays.stream(values())
            .filter(way -> way.name().equalsIgnoreCase(text))
            .findFirst()
            .orElseThrow(() -> new TypeConversionException(
                "\"" + text + "\" is no way to know a person; known: lora, ipadapter, both"));
      }
    }

    boolean usesReferences() {
      return this != LORA;
    }
  }

  /** An adapter with what it looks through, and what was measured of it. */
  record LoadedAdapter(PersonAdapter adapter, IdentityStrength strength) implements AutoCloseable {
    @Override
    public void close() {
      adapter.close();
    }
  }

  @Option(
      names = "--identity",
      paramLabel = "WAY",
      defaultValue = "lora",
      converter = Method.Parser.class,
      description = "lora learns the person, ipadapter only shows their photos, both does both "
          + "(default: ${DEFAULT-VALUE})")
  private Method method;

  @Option(
      names = "--ip-adapter",
      paramLabel = "FILE",
      description =
          "the adapter that shows the photos (default: ip_adapter/ip-adapter.safetensors of the base)")
  private Path adapter;

  @Option(
      names = "--image-encoder",
      paramLabel = "PATH",
      description =
          "the image encoder that it was trained with, a folder or a file (default: image_encoder of the base)")
  private Path encoder;

  @Option(
      names = "--face-embedder",
      paramLabel = "FILE",
      description = "the face recogniser that an adapter of the FaceID kinds"
          + " was trained with (default: face_embedder beside the adapter)")
  private Path faceEmbedder;

  Method method() {
    if (!method.usesReferences() && (adapter != null || encoder != null || faceEmbedder != null)) {
      throw new IllegalArgumentException(
          "--ip-adapter, --image-encoder and --face-embedder need --identity ipadapter or both");
    }
    return method;
  }

  /** Refuses a store where people are shown: it keeps those who were learnt. */
  void requireNoStore(VaultOptions store) {
    if (store.isGiven() && method().usesReferences()) {
      throw new IllegalArgumentException(
          "a store keeps people who were learnt; with --identity ipadapter or both leave --store out");
    }
  }

  /** Refuses before any work when there is no adapter to show anybody with. */
  void require(Path base, String name) {
    if (method().usesReferences() && !Files.exists(adapterFile(base))) {
      throw new InvalidInputException(
          adapter != null
              ? adapter + " is not there; give an IP-Adapter's file"
              : "the base " + name + " has no IP-Adapter of its own (" + Extra.IP_ADAPTER.at(base)
                  + "); give --ip-adapter FILE with "
                  + "--image-encoder PATH or --face-embedder FILE, or --identity lora");
    }
  }

  /**
   * Opens the adapter for {@code model}, which was opened from {@code base}, where people are
   * shown: before anybody is learnt, so that what does not fit is said first. Recognisers as
   * {@code policy} allows.
   */
  Optional<LoadedAdapter> open(Path base, BaseModel model, UsePolicy policy) {
    if (!method().usesReferences()) {
      return Optional.empty();
    }
    IpAdapterFile file = IpAdapterFile.of(adapterFile(base));
    FaceEmbedder embedder =
        faceEmbedder == null ? null : PersonAdapter.faceEmbedder(file, faceEmbedder, policy);
    Path looking = encoder == null ? Extra.IMAGE_ENCODER.at(base) : encoder;
    return Optional.of(new LoadedAdapter(
        PersonAdapter.open(file, model, looking, embedder),
        IdentityStrength.forAdapter(file.path())));
  }

  /** The files of the person stored in {@code person}, the LoRA first. */
  Path[] files(Path person) {
    return method().trains() && method().usesReferences()
        ? new Path[] {person, referenceFile(person)}
        : new Path[] {person};
  }

  private Path referenceFile(Path person) {
    return method().trains() ? person.resolveSibling(ShootFolder.REFERENCE) : person;
  }

  /**
   * The person from the reference file {@code person}, or, if that is a LoRA, from the file beside
   * it.
   *
   * @param consent theirs, where the file records none
   */
  ReferencePerson openReference(Path person, LoadedAdapter eye, MissingConsent consent) {
    ReferencePerson kept =
        ReferencePerson.open(referenceFile(person), eye.adapter()).withStrength(eye.strength());
    return consent.of(kept).map(kept::withConsent).orElse(kept);
  }

  private Path adapterFile(Path base) {
    return adapter == null ? Extra.IP_ADAPTER.at(base) : adapter;
  }
}

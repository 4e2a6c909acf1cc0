package dev.likeness.cli.command;

import dev.likeness.cli.console.Console;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.catalogue.CatalogueModel;
import dev.likeness.diffusion.catalogue.CatalogueModel.Role;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.model.ModelExtras.Extra;
import dev.likeness.diffusion.internal.model.TensorFileFormat;
import dev.likeness.diffusion.request.ControlNet;
import dev.likeness.headshots.person.IdentityStrength;
import dev.likeness.headshots.person.IpAdapterPerson;
import dev.likeness.headshots.person.ReferenceImagesPerson;
import dev.likeness.ipadapter.IpAdapterFile;
import dev.likeness.ipadapter.PersonAdapter;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.embed.UsePolicy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The options for the identity method and its IP-Adapter. */
@Command(optionListHeading = "Identity")
final class IdentityOptions {
  /** The description of {@code --person}: the files that each method needs. */
  static final String PERSON_FILES = "person.safetensors, or person-ipadapter.safetensors for "
      + "--identity ipadapter, or person-references.safetensors for --identity references. "
      + "--identity both and lora+references need person.safetensors with the other file beside "
      + "it. With --store: the person's id";

  /** The identity methods. */
  enum Method {
    LORA("lora"),
    IPADAPTER("ipadapter"),
    BOTH("both"),
    REFERENCES("references"),
    LORA_AND_REFERENCES("lora+references");

    private final String word;

    Method(String word) {
      this.word = word;
    }

    boolean trains() {
      return this != IPADAPTER && this != REFERENCES;
    }

    /** Returns true if a base that edits images gets the photos as reference images. */
    boolean showsImages() {
      return this == REFERENCES || this == LORA_AND_REFERENCES;
    }

    /** Returns true if an IP-Adapter encodes the photos. */
    boolean usesAdapter() {
      return this == IPADAPTER || this == BOTH;
    }
  }

  /**
   * A choice of the user.
   *
   * @param adapterMethod the method whose adapter must be given, one of
   *     {@link IpAdapterFile#methods()}; empty for any
   */
  record Choice(Method method, Optional<String> adapterMethod) {
    /** All words, as those of picocli's candidates. */
    static final class Words implements Iterable<String> {
      @Override
      public Iterator<String> iterator() {
        return choices().keySet().iterator();
      }
    }

    /** Reads the word of a choice. */
    static final class Parser implements ITypeConverter<Choice> {
      @Override
      public Choice convert(String text) {
        return Optional.ofNullable(choices().get(text.toLowerCase(Locale.ROOT)))
            .orElseThrow(() -> new TypeConversionException("unknown identity method \"" + text
                + "\"; known: " + String.join(", ", choices().keySet())));
      }
    }

    private static Map<String, Choice> choices() {
      Map<String, Choice> all = new LinkedHashMap<>();
      for (Method method : Method.values()) {
        all.put(method.word, new Choice(method, Optional.empty()));
      }
      IpAdapterFile.methods()
          .forEach(name -> all.putIfAbsent(name, new Choice(Method.IPADAPTER, Optional.of(name))));
      return all;
    }
  }

  /**
   * An opened IP-Adapter with its image encoder or face embedder, and its identity strength.
   *
   * @param controlNet the ControlNet of its method, which its opener closes; empty if none is given
   */
  record LoadedAdapter(
      PersonAdapter adapter, IdentityStrength strength, Optional<ControlNet> controlNet)
      implements AutoCloseable {
    @Override
    public void close() {
      adapter.close();
    }
  }

  @Option(
      names = "--identity",
      paramLabel = "METHOD",
      defaultValue = "lora",
      converter = Choice.Parser.class,
      completionCandidates = Choice.Words.class,
      description = "identity method: lora trains on the photos, ipadapter uses them as reference "
          + "images without training, both combines the two methods. On a base that edits images, "
          + "references gives it some of the photos, and lora+references also trains. The name of "
          + "a method that has an adapter of its own is ipadapter with that method's --ip-adapter "
          + "(one of ${COMPLETION-CANDIDATES}; default: ${DEFAULT-VALUE})")
  private Choice choice;

  @Mixin
  private AdapterFileOptions files;

  Method method() {
    if (!choice.method.usesAdapter() && files.isGiven()) {
      throw new IllegalArgumentException(
          "--ip-adapter, --image-encoder, --adapter-embedder and --face-parser need --identity ipadapter or "
              + "--identity both");
    }
    return choice.method;
  }

  /**
   * Refuses, before any work, networks that are missing or broken, or whose licences forbid the
   * use.
   *
   * @param base the folder of the base
   * @param name the base as the user knows it
   * @param control the ControlNet of the method
   */
  void require(Path base, String name, IdentityNetOptions control, UsePolicy policy) {
    choice.adapterMethod.filter(method -> files.adapter() == null).ifPresent(method -> {
      throw new IllegalArgumentException(
          "--identity " + method + " needs the adapter of this method; give --ip-adapter FILE");
    });
    if (method().usesAdapter() && !Files.exists(adapterFile(base))) {
      throw new InvalidInputException(
          files.adapter() != null
              ? files.adapter() + " does not exist; give an IP-Adapter file"
              : "the base " + name + " has no IP-Adapter (" + Extra.IP_ADAPTER.at(base)
                  + " does not exist); give --ip-adapter FILE (with "
                  + "--image-encoder PATH or --adapter-embedder FILE), or choose --identity lora");
    }
    if (files.adapter() != null) {
      IpAdapterFile.Kind kind = IpAdapterFile.of(files.adapter()).kind();
      choice.adapterMethod.filter(method -> !method.equals(kind.method())).ifPresent(method -> {
        throw new InvalidInputException(
            files.adapter() + " is " + kind.named() + ", but --identity "
                + method + " needs an adapter of that method; give its file, or --identity "
                + kind.method());
      });
    }
    files.requireFaceParserUsed(adapterFile(base));
    if (method().usesAdapter()) {
      files.requireUse(adapterFile(base), files.encoder(), control.folder(), policy);
    }
    if (files.embedder() != null) {
      files.openEmbedder(IpAdapterFile.of(adapterFile(base)), policy).close();
    }
  }

  /** Refuses a person's files that cannot be read, before any work. */
  void requireReadable(Path person) {
    PersonFile.require(person);
    for (Path file : files(person)) {
      if (method().trains() && file.equals(person)) {
        WeightedFile.requireReadable(file);
      } else if (Files.isRegularFile(file)) {
        TensorFileFormat.listStored(file);
      }
    }
  }

  /**
   * Opens the IP-Adapter for {@code model}, if the method uses one. It is opened before training,
   * so that a mismatch is reported first.
   *
   * @param base the folder that {@code model} was opened from
   * @param policy which licences of face embedders are accepted
   * @param net the ControlNet of its method, which the caller closes; null if none is given
   */
  Optional<LoadedAdapter> open(Path base, BaseModel model, UsePolicy policy, ControlNet net) {
    return method().usesAdapter()
        ? Optional.of(openAdapter(base, model, policy, Optional.ofNullable(net)))
        : Optional.empty();
  }

  /**
   * Opens the ControlNet of the method, if the method uses an adapter and one is given. It is
   * opened before the base, whose memory plan leaves room for it. The caller closes it.
   */
  Optional<ControlNet> openControlNet(IdentityNetOptions control, BaseOptions base) {
    return method().usesAdapter()
        ? control.folder().map(folder -> control.open(base.compute()))
        : Optional.empty();
  }

  private LoadedAdapter openAdapter(
      Path base, BaseModel model, UsePolicy policy, Optional<ControlNet> net) {
    IpAdapterFile file = files.withFaceParser(adapterFile(base));
    FaceEmbedder embedder = files.embedder() == null ? null : files.openEmbedder(file, policy);
    Path looking = files.encoder() == null ? Extra.IMAGE_ENCODER.at(base) : files.encoder();
    return new LoadedAdapter(
        embedder == null
            ? PersonAdapter.open(file, model, looking)
            : PersonAdapter.open(file, model, looking, embedder),
        IdentityStrength.forAdapter(file.path()),
        net);
  }

  /**
   * Refuses, before any work, options of a ControlNet that the adapter does not have, and tells
   * that the adapter's ControlNet is missing.
   *
   * @param base the folder of the base
   */
  void requireUsed(IdentityNetOptions control, Path base, Console console) {
    control.requireUsed();
    if (method().usesAdapter()) {
      IpAdapterFile.Kind kind = IpAdapterFile.of(adapterFile(base)).kind();
      control.requireUsed(kind, adapterFile(base));
      control.tellIfMissing(kind, adapterFile(base), console);
    } else if (control.folder().isPresent()) {
      throw new IllegalArgumentException("--identity-controlnet needs the adapter of an identity"
          + " method; give its --ip-adapter FILE and its --identity METHOD");
    }
  }

  /**
   * Refuses, before an edit, a ControlNet that would set a pose: the headshot has one.
   *
   * @param base the folder of the base
   */
  void requireUsedInEdit(IdentityNetOptions control, Path base, Console console) {
    boolean posed = method().usesAdapter()
        && IpAdapterFile.of(adapterFile(base))
            .kind()
            .controlNet()
            .filter(own -> !own.isRequired())
            .isPresent();
    if (!posed) {
      requireUsed(control, base, console);
      return;
    }
    control.requireUsed();
    if (control.folder().isPresent()) {
      throw new IllegalArgumentException("--identity-controlnet does nothing in edit with "
          + adapterFile(base) + ", because the headshot has the pose; leave --identity-controlnet"
          + " out");
    }
  }

  /** The files of the person stored in {@code person}, the LoRA first. */
  Path[] files(Path person) {
    return switch (method()) {
      case LORA, IPADAPTER, REFERENCES -> new Path[] {person};
      case BOTH -> new Path[] {person, ipAdapterFile(person)};
      case LORA_AND_REFERENCES -> new Path[] {person, referencesFile(person)};
    };
  }

  /**
   * Opens the reference images of the person in {@code person}: from the same file, or, if that is
   * a LoRA, from the file beside it. With a store, {@code person} is an id.
   *
   * @param consent the consent, if the file records none
   */
  ReferenceImagesPerson openReferenceImagesPerson(
      Path person, VaultOptions store, BaseModel model, ConsentOptions consent, Console console) {
    Path which = store.isGiven() ? person : referencesFile(person);
    ReferenceImagesPerson kept = store.referenceImagesPerson(which, model, console);
    return consent.of(kept).map(kept::withConsent).orElse(kept);
  }

  private Path referencesFile(Path person) {
    return method().trains()
        ? ShootFolder.referencesFile(person.toAbsolutePath().getParent())
        : person;
  }

  private Path ipAdapterFile(Path person) {
    return method().trains()
        ? ShootFolder.ipAdapterFile(person.toAbsolutePath().getParent())
        : person;
  }

  /**
   * Opens the person from the IP-Adapter file {@code person}, or, if that is a LoRA, from the file
   * beside it. With a store, {@code person} is an id.
   *
   * @param consent the consent, if the file records none
   */
  IpAdapterPerson openIpAdapterPerson(
      Path person, VaultOptions store, LoadedAdapter eye, ConsentOptions consent, Console console) {
    Path which = store.isGiven() ? person : ipAdapterFile(person);
    IpAdapterPerson kept =
        store.ipAdapterPerson(which, eye.adapter(), console).withStrength(eye.strength());
    return consent.of(kept).map(kept::withConsent).orElse(kept);
  }

  /**
   * Returns the identity strength at which an adapter of the catalogue has the weight that its
   * publishers recommend, and says in one line that it is taken; 1 for other adapters, for one
   * whose strength was measured, and beside a LoRA.
   *
   * @param base the folder of the base
   */
  double strength(Path base, Console console) {
    if (method() != Method.IPADAPTER) {
      return 1;
    }
    Path adapter = adapterFile(base);
    IdentityStrength mapping = IdentityStrength.forAdapter(adapter);
    double most = mapping.at(1, false).adapter();
    Optional<CatalogueModel> known = ModelPlaces.inCache(Role.IP_ADAPTER, adapter)
        .filter(model -> model.weight().orElse(most) < most);
    if (!mapping.equals(IdentityStrength.DEFAULT) || known.isEmpty()) {
      return 1;
    }
    double strength = known.get().weight().getAsDouble() / most;
    CatalogueRecipe.tell(known.get().name(), List.of("--identity-strength " + strength), console);
    return strength;
  }

  private Path adapterFile(Path base) {
    return files.adapter() == null ? Extra.IP_ADAPTER.at(base) : files.adapter();
  }
}

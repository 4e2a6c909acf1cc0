package dev.likeness.vault;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.io.AtomicFile;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.diffusion.request.Run;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.headshots.Selfies;
import dev.likeness.headshots.shoot.ShootRequest;
import dev.likeness.headshots.style.Style;
import dev.likeness.lora.LoraPerson;
import dev.likeness.lora.LoraTrainer;
import dev.likeness.lora.training.TrainingSettings;
import dev.likeness.vault.key.WrappingKey;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * A program that works on a store until it is killed, with two threads: one takes persons in, keeps
 * files and erases, the other learns people from photos and draws them. It says what it does before
 * and after.
 */
public final class StoreProgram {
  /** What those agree to who are learnt, and those who are not. */
  static final String TRAIN = "train me";

  static final String KEEP = "yes";

  private static final int PERSONS = 3;
  private static final TrainingSettings SETTINGS =
      TrainingSettings.quick().steps(60).rank(2).batchSize(1);

  private StoreProgram() {}

  /** Arguments: the store, its key, a tiny base, a seed. */
  public static void main(String[] args) {
    Random random = new Random(Long.parseLong(args[3]));
    try (SubjectStore store =
            SubjectStore.open(Path.of(args[0]), WrappingKey.ofFile(Path.of(args[1])));
        BaseModel base = GoldenFolder.load(Path.of(args[2]))) {
      Thread networks = new Thread(() -> trainForever(store, base, new Random(random.nextLong())));
      networks.setUncaughtExceptionHandler((thread, failure) -> fail(failure));
      networks.start();
      print("open");
      storeForever(store, random);
    } catch (RuntimeException | Error e) {
      fail(e);
    }
  }

  private static void fail(Throwable failure) {
    failure.printStackTrace();
    Runtime.getRuntime().halt(1);
  }

  private static synchronized void print(String line) {
    System.out.println(line);
    System.out.flush();
  }

  private static List<Subject> agreed(SubjectStore store, String text) {
    return store.subjects().stream()
        .filter(subject -> {
          try {
            return subject.consent().text().equals(text);
          } catch (RuntimeException e) {
            if (subject.isErased()) {
              return false;
            }
            throw e;
          }
        })
        .toList();
  }

  private static void storeForever(SubjectStore store, Random random) {
    while (true) {
      List<Subject> kept = agreed(store, KEEP);
      if (kept.size() < PERSONS) {
        store.create(Consent.of(KEEP));
        continue;
      }
      Subject subject = kept.get(random.nextInt(kept.size()));
      switch (random.nextInt(6)) {
        case 0 -> erase(subject);
        case 1 -> subject.markPurposeFulfilled();
        case 2 ->
          agreed(store, TRAIN).stream().skip(PERSONS - 1).findAny().ifPresent(StoreProgram::erase);
        default -> write(subject, DataCategory.values()[random.nextInt(4)], random);
      }
    }
  }

  private static void erase(Subject subject) {
    print("erasing " + subject.id());
    subject.erase();
    print("erased " + subject.id());
  }

  private static void trainForever(SubjectStore store, BaseModel base, Random random) {
    HeadshotStudio plain = HeadshotStudio.on(base);
    SubjectStudio studio = SubjectStudio.on(base, plain.training(SETTINGS));
    while (true) {
      Subject subject = agreed(store, TRAIN).stream()
          .filter(one -> !isTrained(one))
          .findFirst()
          .orElseGet(() -> store.create(Consent.of(TRAIN)));
      try {
        for (String name : Selfies.names()) {
          studio.add(subject, name, Selfies.read(name));
        }
        print("learning " + subject.id());
        if (random.nextInt(4) == 0) {
          studio.train(subject, Run.of(phases(subject)));
        } else {
          train(base, subject);
        }
        print("learnt " + subject.id());
        shoot(studio, subject, random);
      } catch (RuntimeException e) {
        if (!subject.isErased()) {
          throw e;
        }
        print("stopped " + subject.id());
      }
    }
  }

  /**
   * What the studio does, without the looking at photos, which takes most of its time and writes
   * nothing.
   */
  private static void train(BaseModel base, Subject subject) {
    RgbImage grey = RgbImage.of(32, 32, new byte[32 * 32 * 3]);
    Path state = subject.folder(DataCategory.TRAINING_STATES).resolve("training.safetensors");
    try (LoraPerson person = new LoraTrainer(SETTINGS)
        .train(
            base,
            dev.likeness.lora.training.TrainingSet.of(
                    List.of(grey),
                    dev.likeness.lora.training.PersonToken.of("woman")
                        .consent(subject.consent().toJson()))
                .stateFile(state),
            new Run(phases(subject), cancellation(subject)))) {
      person.save(subject.folder(DataCategory.PERSON).resolve("person.safetensors"));
    }
    subject.markPurposeFulfilled();
  }

  private static Cancellation cancellation(Subject subject) {
    Cancellation cancellation = new Cancellation();
    subject.workStarted(cancellation);
    return cancellation;
  }

  private static void shoot(SubjectStudio studio, Subject subject, Random random) {
    studio.shoot(
        subject,
        ShootRequest.of(Style.named("studio"), 1).steps(2).seed(random.nextInt()),
        Run.silent());
    print("drawn " + subject.id());
  }

  private static Progress phases(Subject subject) {
    return event -> {
      if (event instanceof ProgressEvent.Phase phase) {
        print(phase.name() + " " + subject.id());
      }
    };
  }

  private static boolean isTrained(Subject subject) {
    try {
      return Files.exists(SubjectStudio.personFile(subject));
    } catch (RuntimeException e) {
      return subject.isErased();
    }
  }

  /** A file whose content is one number over and over: any other content is a torn one. */
  private static void write(Subject subject, DataCategory holding, Random random) {
    byte[] content = new byte[1 + random.nextInt(200_000)];
    Arrays.fill(content, (byte) random.nextInt(256));
    Path file = subject.folder(holding).resolve("file-" + random.nextInt(3));
    AtomicFile.write(file, out -> out.write(content));
  }
}

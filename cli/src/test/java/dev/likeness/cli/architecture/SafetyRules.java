package dev.likeness.cli.architecture;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.lang.ArchRule;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.Set;

/** What no module may do. */
public final class SafetyRules {
  private static final Set<String> UNPICKLING = Set.of(
      "pickle_load",
      "unpickle",
      "load",
      "import_ir_module",
      "load_jit_module_from_file",
      "load_jit_module_from_stream",
      "parse_and_initialize_jit_module");

  private static final Set<String> NETWORK = Set.of(
      "java.net.Socket",
      "java.net.ServerSocket",
      "java.net.DatagramSocket",
      "java.net.InetAddress",
      "java.net.URLConnection",
      "java.net.HttpURLConnection",
      "java.net.URLClassLoader",
      "java.nio.channels.SocketChannel",
      "java.nio.channels.ServerSocketChannel",
      "java.nio.channels.DatagramChannel",
      "javax.net.SocketFactory",
      "javax.net.ssl.SSLContext");

  private static final Set<String> UNTYPED = Set.of(
      "java.io.IOError",
      "java.io.UncheckedIOException",
      "java.lang.AssertionError",
      "java.lang.Error",
      "java.lang.Exception",
      "java.lang.RuntimeException",
      "java.lang.Throwable",
      "java.lang.UnsupportedOperationException");

  private static final Set<String> FORMATTING =
      Set.of("format", "formatted", "printf", "toLowerCase", "toUpperCase");

  private SafetyRules() {}

  /** A file of weights must not run code. */
  public static ArchRule noTorchScript() {
    return noClasses()
        .should()
        .callMethodWhere(describe(
            "unpickles or runs TorchScript",
            call -> UNPICKLING.contains(call.getName()) && isTorch(call)))
        .as("nothing unpickles or runs TorchScript");
  }

  /** Nor by the classes that read such files. */
  public static ArchRule noArchives() {
    return noClasses()
        .should()
        .dependOnClassesThat()
        .haveFullyQualifiedName("org.bytedeco.pytorch.InputArchive")
        .orShould()
        .dependOnClassesThat()
        .haveFullyQualifiedName("org.bytedeco.pytorch.JitModule")
        .as("nothing reads archives of libtorch");
  }

  /** Photos and what is made of them are biometric data. */
  public static ArchRule photosAreNeverLogged(String root) {
    return noClasses()
        .that()
        .resideInAnyPackage(
            root + ".photos..",
            root + ".lora..",
            root + ".ipadapter..",
            root + ".headshots..",
            root + ".vault..",
            root + ".provenance..",
            root + ".studio..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("org.slf4j..", "java.util.logging..")
        .as("what touches photos does not log");
  }

  /** A file can name an address, but only the model hub can open one, and it reads no photos. */
  public static ArchRule onlyTheHubUsesTheNetwork(String root) {
    return noClasses()
        .that()
        .resideOutsideOfPackages(root + ".examples..", root + ".hub..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("java.net.http..", "com.sun.net..")
        .orShould()
        .dependOnClassesThat(describe("open connections", type -> NETWORK.contains(type.getName())))
        .orShould()
        .callMethodWhere(describe(
            "opens an address",
            call -> call.getTargetOwner().getName().equals("java.net.URL")
                && call.getName().startsWith("open")))
        .as("only the model hub and examples use the network");
  }

  /** A library is silent on the standard streams. */
  public static ArchRule onlyProgramsPrint(String root) {
    return noClasses()
        .that()
        .resideOutsideOfPackages(root + ".cli..", root + ".examples..")
        .should()
        .accessField(System.class, "out")
        .orShould()
        .accessField(System.class, "err")
        .as("only the command and the examples print");
  }

  /**
   * Text that is code, file or English is the same on a machine that writes decimal commas or other
   * digits.
   */
  public static ArchRule nothingFollowsTheMachinesLanguage() {
    return noClasses()
        .should()
        .callMethodWhere(describe(
            "formats without a Locale",
            call -> FORMATTING.contains(call.getName())
                && call.getTarget().getRawParameterTypes().stream()
                    .noneMatch(type -> type.isEquivalentTo(Locale.class))
                && (call.getTargetOwner().isEquivalentTo(String.class)
                    || call.getTargetOwner().isAssignableTo(PrintStream.class)
                    || call.getTargetOwner().isAssignableTo(PrintWriter.class))))
        .as("nothing formats text without a Locale");
  }

  /**
   * Callers catch {@code LikenessException}, and what the JDK throws for wrong arguments and
   * states. A file system of the JDK has its own contract.
   */
  public static ArchRule failuresHaveTypes(String root) {
    return noClasses()
        .that()
        .resideInAnyPackage(
            root + ".schedulers..",
            root + ".diffusion..",
            root + ".photos..",
            root + ".lora..",
            root + ".ipadapter..",
            root + ".headshots..",
            root + ".vault..",
            root + ".provenance..",
            root + ".hub..",
            root + ".studio..")
        .and()
        .resideOutsideOfPackage(root + ".vault.internal.file..")
        .should()
        .callConstructorWhere(describe(
            "creates an exception without a type of its own",
            call -> UNTYPED.contains(call.getTargetOwner().getName())
                && !call.getOriginOwner().isAssignableTo(call.getTargetOwner().getName())))
        .as("failures of the library have types");
  }

  private static boolean isTorch(JavaAccess<?> call) {
    return call.getTargetOwner().getName().equals("org.bytedeco.pytorch.global.torch");
  }
}

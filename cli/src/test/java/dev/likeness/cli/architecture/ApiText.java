package dev.likeness.cli.architecture;

import static java.util.stream.Collectors.joining;

import java.io.IOException;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.Field;
import java.lang.reflect.GenericArrayType;
import java.lang.reflect.GenericDeclaration;
import java.lang.reflect.Member;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.lang.reflect.WildcardType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The supported API as text: each type that users see, with its type parameters, supertypes and
 * visible members, in an order that does not depend on the compiler.
 */
public final class ApiText {
  private ApiText() {}

  /** Describes all supported types below a folder of classes. Types are loaded, not initialised. */
  public static String of(Path classes) throws IOException {
    return of(types(classes).stream());
  }

  /** Returns the supported types below a folder of classes. They are loaded, not initialised. */
  public static List<Class<?>> types(Path classes) throws IOException {
    try (Stream<Path> files = Files.walk(classes)) {
      return files
          .map(file -> classes.relativize(file).toString().replace('\\', '/'))
          .filter(name -> name.endsWith(".class") && !name.contains("-info"))
          .map(name -> name.substring(0, name.length() - ".class".length()).replace('/', '.'))
          .filter(name -> !List.of(name.split("\\.")).contains("internal"))
          .<Class<?>>map(ApiText::load)
          .filter(ApiText::isVisible)
          .toList();
    }
  }

  /** Returns the constructors and methods that users of a supported type see. */
  public static Stream<Executable> calls(Class<?> type) {
    return Stream.concat(
        Arrays.stream(type.getDeclaredConstructors())
            .filter(made -> isVisible(made, type) && !isCanonical(type, made)),
        sources(type).stream()
            .flatMap(from -> Arrays.stream(from.getDeclaredMethods()))
            .filter(method -> isVisible(method, type) && !isImplied(type, method)));
  }

  /** Describes the supported ones of these types. */
  public static String of(Stream<Class<?>> types) {
    return types
        .filter(ApiText::isVisible)
        .sorted(Comparator.comparing(Class::getName))
        .map(type -> header(type) + "\n" + members(type))
        .collect(joining("\n"));
  }

  private static Class<?> load(String name) {
    try {
      return Class.forName(name, false, ApiText.class.getClassLoader());
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException(name + " is not on the class path", e);
    }
  }

  /** Nested types are visible if all types around them are. */
  private static boolean isVisible(Class<?> type) {
    if (type.isAnonymousClass() || type.isLocalClass() || type.isSynthetic()) {
      return false;
    }
    Class<?> around = type.getDeclaringClass();
    boolean visible = Modifier.isPublic(type.getModifiers())
        || Modifier.isProtected(type.getModifiers()) && !Modifier.isFinal(around.getModifiers());
    return visible && (around == null || isVisible(around));
  }

  private static String header(Class<?> type) {
    String components = type.isRecord()
        ? Arrays.stream(type.getRecordComponents())
            .map(part -> name(part.getGenericType()) + " " + part.getName())
            .collect(joining(", ", "(", ")"))
        : "";
    Type base = type.getGenericSuperclass();
    boolean plain = base == null || base == Object.class || type.isRecord() || type.isEnum();
    List<String> above =
        Arrays.stream(type.getGenericInterfaces()).map(ApiText::name).sorted().toList();
    List<String> permitted = !type.isSealed()
        ? List.of()
        : Arrays.stream(type.getPermittedSubclasses())
            .filter(ApiText::isVisible)
            .map(ApiText::name)
            .sorted()
            .toList();
    return deprecated(type) + words(type) + kind(type) + " " + name(type) + parameters(type)
        + components + (plain ? "" : " extends " + name(base))
        + list(type.isInterface() && !type.isAnnotation() ? " extends " : " implements ", above)
        + list(" permits ", permitted);
  }

  private static String words(Class<?> type) {
    int words = type.getModifiers() & ~Modifier.INTERFACE;
    if (type.isInterface()) {
      words &= ~(Modifier.ABSTRACT | Modifier.STATIC);
    } else if (type.isRecord() || type.isEnum()) {
      words &= ~(Modifier.ABSTRACT | Modifier.FINAL | Modifier.STATIC);
    }
    words &= type.isInterface() ? Modifier.interfaceModifiers() : Modifier.classModifiers();
    return Modifier.toString(words) + " " + (type.isSealed() && !type.isEnum() ? "sealed " : "");
  }

  private static String kind(Class<?> type) {
    return type.isAnnotation()
        ? "@interface"
        : type.isInterface()
            ? "interface"
            : type.isRecord() ? "record" : type.isEnum() ? "enum" : "class";
  }

  /** Members of supertypes that users do not see belong to the type, which users do see. */
  private static String members(Class<?> type) {
    Set<String> lines = new TreeSet<>();
    Arrays.stream(type.getDeclaredConstructors())
        .filter(made -> isVisible(made, type) && !isCanonical(type, made))
        .forEach(made -> lines.add(member(made, type, type.getSimpleName())));
    for (Class<?> from : sources(type)) {
      Arrays.stream(from.getDeclaredFields())
          .filter(field -> isVisible(field, type))
          .forEach(field -> lines.add(field(field)));
      Arrays.stream(from.getDeclaredMethods())
          .filter(method -> isVisible(method, type) && !isImplied(type, method))
          .forEach(method -> lines.add(member(method, type, method.getName())));
    }
    return lines.stream().map(line -> "  " + line + "\n").collect(joining());
  }

  private static List<Class<?>> sources(Class<?> type) {
    Stream<Class<?>> hidden = Stream.concat(
            Stream.ofNullable(type.getSuperclass()), Arrays.stream(type.getInterfaces()))
        .filter(above -> above.getName().startsWith("dev.likeness.") && !isVisible(above))
        .flatMap(above -> sources(above).stream());
    return Stream.concat(Stream.of(type), hidden).toList();
  }

  private static boolean isVisible(Member member, Class<?> type) {
    boolean inherited = Modifier.isProtected(member.getModifiers())
        && !Modifier.isFinal(type.getModifiers())
        && !type.isEnum();
    return (Modifier.isPublic(member.getModifiers()) || inherited) && !member.isSynthetic();
  }

  private static boolean isCanonical(Class<?> type, Constructor<?> made) {
    return type.isRecord()
        && Arrays.equals(
            made.getParameterTypes(),
            Arrays.stream(type.getRecordComponents())
                .map(RecordComponent::getType)
                .toArray());
  }

  /** The header of a record and the word enum say that a type has these. */
  private static boolean isImplied(Class<?> type, Method method) {
    if (type.isEnum()) {
      return method.getName().equals("values") && method.getParameterCount() == 0
          || method.getName().equals("valueOf")
              && Arrays.equals(method.getParameterTypes(), new Class<?>[] {String.class});
    }
    return type.isRecord()
        && (Arrays.stream(type.getRecordComponents())
                .anyMatch(p -> p.getAccessor().equals(method))
            || List.of("equals", "hashCode", "toString").contains(method.getName()));
  }

  private static String field(Field field) {
    String words = field.isEnumConstant()
        ? "enum constant "
        : Modifier.toString(field.getModifiers() & Modifier.fieldModifiers()) + " "
            + name(field.getGenericType()) + " ";
    return deprecated(field) + words + field.getName();
  }

  private static String member(Executable member, Class<?> type, String name) {
    boolean method = member instanceof Method;
    int words = member.getModifiers()
        & (method ? Modifier.methodModifiers() : Modifier.constructorModifiers())
        & ~(Modifier.SYNCHRONIZED | Modifier.NATIVE | Modifier.STRICT);
    if (type.isInterface() || type.isRecord() || Modifier.isFinal(type.getModifiers())) {
      words &= ~Modifier.FINAL;
    }
    Type[] types = member.getGenericParameterTypes();
    StringBuilder text = new StringBuilder(deprecated(member)).append(Modifier.toString(words));
    text.append(method && ((Method) member).isDefault() ? " default " : " ");
    text.append(member.getTypeParameters().length > 0 ? parameters(member) + " " : "");
    text.append(method ? name(((Method) member).getGenericReturnType()) + " " : "")
        .append(name);
    String last = types.length > 0 && member.isVarArgs()
        ? name(types[types.length - 1]).replaceFirst("\\[]$", "...")
        : null;
    text.append(IntStream.range(0, types.length)
        .mapToObj(i -> last != null && i == types.length - 1 ? last : name(types[i]))
        .collect(joining(", ", "(", ")")));
    List<String> thrown = Arrays.stream(member.getGenericExceptionTypes())
        .map(ApiText::name)
        .sorted()
        .toList();
    return text.append(list(" throws ", thrown)).toString();
  }

  private static String deprecated(AnnotatedElement element) {
    return element.isAnnotationPresent(Deprecated.class) ? "@Deprecated " : "";
  }

  private static String list(String word, List<String> names) {
    return names.isEmpty() ? "" : word + String.join(", ", names);
  }

  private static String parameters(GenericDeclaration element) {
    return element.getTypeParameters().length == 0
        ? ""
        : Arrays.stream(element.getTypeParameters())
            .map(ApiText::bounded)
            .collect(joining(", ", "<", ">"));
  }

  private static String bounded(TypeVariable<?> variable) {
    List<String> bounds = Arrays.stream(variable.getBounds())
        .filter(bound -> bound != Object.class)
        .map(ApiText::name)
        .toList();
    return variable.getName() + (bounds.isEmpty() ? "" : " extends " + String.join(" & ", bounds));
  }

  private static String name(Type type) {
    if (type instanceof Class<?> plain) {
      return plain.isArray()
          ? name(plain.getComponentType()) + "[]"
          : plain.getName().replaceFirst("^java\\.lang\\.(?=[A-Z])", "").replace('$', '.');
    } else if (type instanceof GenericArrayType array) {
      return name(array.getGenericComponentType()) + "[]";
    } else if (type instanceof ParameterizedType generic) {
      return name(generic.getRawType())
          + (generic.getActualTypeArguments().length == 0
              ? ""
              : Arrays.stream(generic.getActualTypeArguments())
                  .map(ApiText::name)
                  .collect(joining(", ", "<", ">")));
    } else if (type instanceof WildcardType wild) {
      return wild.getLowerBounds().length > 0
          ? "? super " + name(wild.getLowerBounds()[0])
          : wild.getUpperBounds()[0] == Object.class
              ? "?"
              : "? extends " + name(wild.getUpperBounds()[0]);
    }
    return type.getTypeName();
  }
}

//! include/zkcoord.h is generated from preamble.h and src/. `UPDATE_HEADER=1` updates it.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

use std::fs;
use std::path::{Path, PathBuf};

use quote::ToTokens;
use syn::parse::{Parse, ParseStream, Result};
use syn::{Attribute, Block, FnArg, Item, ReturnType, Signature, Token, parse_quote};

const CRATE: &str = env!("CARGO_MANIFEST_DIR");

#[test]
fn the_header_is_up_to_date() {
    let path = Path::new(CRATE).join("../include/zkcoord.h");
    let wanted = generate();
    if std::env::var_os("UPDATE_HEADER").is_some() {
        fs::write(&path, &wanted).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    let same = wanted.lines().zip(found.lines()).take_while(|(a, b)| a == b).count();
    assert!(
        wanted == found,
        "include/zkcoord.h differs from line {} on; run UPDATE_HEADER=1 cargo test -p zkcoord-ffi --test header",
        same + 1
    );
}

fn generate() -> String {
    let mut config = cbindgen::Config::from_file(format!("{CRATE}/cbindgen.toml")).unwrap();
    config.after_includes = Some(preamble());
    let expanded = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("header");
    expand_folder(&Path::new(CRATE).join("src"), &expanded);
    let mut header = Vec::new();
    let builder = cbindgen::Builder::new().with_src(expanded.join("lib.rs")).with_config(config);
    builder.generate().unwrap().write(&mut header);
    async_last(&String::from_utf8(header).unwrap())
}

fn preamble() -> String {
    let text = fs::read_to_string(format!("{CRATE}/preamble.h")).unwrap();
    text.replace("@VERSION@", env!("CARGO_PKG_VERSION"))
        .replace("@MAJOR@", env!("CARGO_PKG_VERSION_MAJOR"))
        .replace("@MINOR@", env!("CARGO_PKG_VERSION_MINOR"))
        .replace("@PATCH@", env!("CARGO_PKG_VERSION_PATCH"))
}

/// Moves the asynchronous functions to the end: between the others they would double the amount to read.
fn async_last(header: &str) -> String {
    let (functions, end) = header.rsplit_once("\n\n#ifdef __cplusplus").unwrap();
    let is_async = |item: &&str| item.lines().any(|line| !line.starts_with(' ') && line.contains("_async("));
    let (asynchronous, others): (Vec<&str>, Vec<&str>) = functions.split("\n\n").partition(is_async);
    format!("{}\n\n{ASYNC}\n\n{}\n\n#ifdef __cplusplus{end}", others.join("\n\n"), asynchronous.join("\n\n"))
}

const ASYNC: &str = "/*
 * The asynchronous functions, as \"Async\" above describes them, in the order of their blocking forms.
 */";

/// Copies the sources with every `exported!` expanded, which cbindgen does not do.
fn expand_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let to = to.join(path.file_name().unwrap());
        if path.is_dir() {
            expand_folder(&path, &to);
        } else {
            fs::write(to, expand_file(&path)).unwrap();
        }
    }
}

fn expand_file(path: &Path) -> String {
    let mut file = syn::parse_file(&fs::read_to_string(path).unwrap()).unwrap();
    let expand = |item| match item {
        Item::Macro(item) if item.mac.path.is_ident("exported") => match item.mac.parse_body() {
            Ok(Exported(functions)) => functions,
            Err(error) => panic!("{}: {error}: {}", path.display(), item.mac.tokens),
        },
        item => vec![item],
    };
    file.items = file.items.into_iter().flat_map(expand).collect();
    file.to_token_stream().to_string()
}

/// The functions of one `exported!`, without their bodies. src/exported.rs describes its forms.
struct Exported(Vec<Item>);

impl Parse for Exported {
    fn parse(input: ParseStream<'_>) -> Result<Exported> {
        let first: Function = input.parse()?;
        let mut functions = vec![first.expand()];
        if !input.is_empty() {
            let second: Function = input.parse()?;
            functions.push(second.completed_by(&first).expand());
        }
        Ok(Exported(functions))
    }
}

/// A function as `exported!` declares it.
struct Function {
    docs: Vec<Attribute>,
    signature: Signature,
}

impl Parse for Function {
    fn parse(input: ParseStream<'_>) -> Result<Function> {
        let (docs, signature) = (input.call(Attribute::parse_outer)?, input.parse()?);
        if input.parse::<Option<Token![;]>>()?.is_none() {
            input.parse::<Block>()?;
        }
        Ok(Function { docs, signature })
    }
}

impl Function {
    /// Adds what the second function of a pair has in common with the first.
    fn completed_by(mut self, first: &Function) -> Function {
        let inherited = first.signature.inputs.iter().cloned();
        if self.signature.asyncness.is_some() {
            let doc = format!(" The asynchronous form of {}().", first.signature.ident);
            self.docs.insert(0, parse_quote!(#[doc = #doc]));
            self.signature.inputs.extend(inherited);
        } else {
            let own = std::mem::take(&mut self.signature.inputs);
            self.signature.inputs = inherited.chain(own).collect();
            self.signature.output = first.signature.output.clone();
        }
        self
    }

    /// Returns the function with the parameters that it has in C.
    fn expand(&self) -> Item {
        let (docs, name) = (&self.docs, &self.signature.ident);
        let parameters = match self.signature.asyncness {
            Some(_) => self.async_parameters(),
            None => self.parameters(),
        };
        parse_quote! {
            #(#docs)*
            #[unsafe(no_mangle)]
            pub unsafe extern "C" fn #name(#(#parameters,)* err: *mut *mut zkcoord_error) -> zkcoord_status {}
        }
    }

    fn parameters(&self) -> Vec<FnArg> {
        let mut parameters: Vec<FnArg> = self.signature.inputs.iter().cloned().collect();
        if let ReturnType::Type(_, out) = &self.signature.output {
            parameters.push(parse_quote!(out: *mut #out));
        }
        parameters
    }

    fn async_parameters(&self) -> Vec<FnArg> {
        let mut parameters: Vec<FnArg> = self.signature.inputs.iter().cloned().collect();
        // `done` comes first in exported!.
        parameters.rotate_left(1);
        let user_data: FnArg = parse_quote!(user_data: *mut c_void);
        parameters.extend([
            user_data,
            parse_quote!(destroy: zkcoord_destroy_fn),
            parse_quote!(op: *mut *mut zkcoord_op),
        ]);
        parameters
    }
}
